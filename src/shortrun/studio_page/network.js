// @ts-check
/// <reference path="machine.js" />
// A chaotic network as shortrun runs it: Euler steps of potentials, whose only noise is their start.
"use strict";

/**
 * @typedef {object} NetworkForm
 * @property {"chaotic"} family
 * @property {{name: string, sites: number, holds: null, field: string}[]} layers the visible one, a label, hidden ones
 * @property {number} observed how many of them the data determine
 * @property {number} hidden units in all
 * @property {number | null} label
 * @property {number} sites of the data
 * @property {number} levels values that a site can show: 2, or 256 of grey images
 * @property {number} pace dt / tau
 * @property {boolean} whole whether rates and couplings are whole numbers of steps, as in engine/rounded.py
 * @property {{source: number, target: number, matrix: string, step: string}[]} couplings (source, target), int8 or
 *   float32; what a product of steps is worth at each target, 1 of float32
 * @property {number} stream of the noise of generated samples
 */

const OTHERS = 2 ** 31; // chains whose starts are directions
const SATURATED = 1 - 2 ** -24; // units/rate.py
const RATE_STEPS = 127, FARTHEST = 3.5; // engine/rounded.py

/** The coefficients of algorithm AS 241 (Wichura 1988), PPND16. @type {[number[], number[]][]} */
const NORMAL = [
  [[3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
  [1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
    28729.085735721942674, 5226.495278852854561]],
  [[1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
    0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4],
  [1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9]],
  [[6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
    0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
  [1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
    1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15]],
];

/** @param {[number[], number[]]} rational @param {number} x */
function quotient([above, below], x) {
  let a = 0, b = 0;
  for (let i = 7; i >= 0; i--) a = a * x + above[i], b = b * x + below[i];
  return a / b;
}

/** The number that a normal variable is below with probability u. @param {number} u */
function normal(u) {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) return q * quotient(NORMAL[0], 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? u : 1 - u));
  const size = r <= 5 ? quotient(NORMAL[1], r - 1.6) : quotient(NORMAL[2], r - 5);
  return q < 0 ? -size : size;
}

/** The nearest whole number; halves go to the even one, as in float32. @param {number} x */
const nearest = (x) => x + 6755399441055744 - 6755399441055744;

/** 127 tanh x, rounded, by the operations of engine/csrc/network.inc. @param {number} potential */
function wholeRate(potential) {
  const x = Math.min(Math.max(potential, -FARTHEST), FARTHEST), square = fround(x * x);
  const above = fround(fround(fround(fround(square + 105) * square) + 945) * x);
  const below = fround(fround(fround(fround(square * 15) + 420) * square) + 945);
  return nearest(fround(fround(above / below) * RATE_STEPS));
}

class Network {
  /** @param {NetworkForm} form */
  constructor(form) {
    const pace = fround(form.pace);
    this.layers = form.layers.map(({ name, sites, field }) => ({ name, sites, pull: floatsOf(field).map((b) => pace * b) }));
    this.observed = form.observed, this.hidden = form.hidden, this.label = form.label, this.sites = form.sites;
    this.pace = pace, this.remain = fround(1 - pace), this.stream = form.stream;
    this.levels = form.levels;
    this.rateOf = form.whole ? wholeRate : Math.tanh, this.top = form.whole ? RATE_STEPS : 1; // of the rates
    this.couplings = form.couplings.map(({ source, target, matrix, step }) => ({
      source, target, matrix: form.whole ? new Int8Array(bytesOf(matrix)) : floatsOf(matrix), step: floatsOf(step),
      paced: floatsOf(step).map((it) => it * pace),
    }));
    this.sums = this.layers.map(({ sites }) => new Float64Array(sites));
    this.pulls = this.layers.map(({ sites }) => new Float32Array(sites));
    this.rates = this.layers.map(({ sites }) => new Float32Array(sites));
    this.speed = 0; // tau |dx/dt| / sqrt(N) of the last step
  }

  /** @param {number} seed @param {number} chain @param {number} label @param {Held | null} held @returns {Float32Array[]} */
  begin(seed, chain, label, held) {
    return this.layers.map(({ sites }, i) => {
      if (i === this.label && label >= 0) return Float32Array.from({ length: sites }, (_, k) => potentialOf(k === label ? 1 : -1));
      const x = new Float32Array(sites);
      uniforms(seed, placeOf(this.stream, i, 0), chain, x);
      for (let site = 0; site < sites; site++) x[site] = normal(x[site]);
      if (i === 0 && held) for (let site = 0; site < sites; site++) if (held.mask[site]) x[site] = potentialOf(this.rateOfCode(held.values[site]));
      return x;
    });
  }

  /** Add what a layer feels of another, in place. @param {Network["couplings"][0]} coupling @param {Float32Array} out */
  feel({ source, target, matrix, paced }, out) {
    const sums = this.sums[target].fill(0), from = this.rates[source], width = sums.length;
    for (let s = 0; s < from.length; s++) {
      const rate = from[s], row = s * width;
      if (rate) for (let t = 0; t < width; t++) sums[t] += rate * matrix[row + t];
    }
    for (let t = 0; t < width; t++) out[t] += fround(paced[t] * fround(sums[t]));
  }

  /**
   * A state that is a little off, in a direction of its own: by a distance as `apart` has it.
   * @param {Float32Array[]} state @param {number} seed @param {number} chain @param {number} size @param {Held | null} held
   */
  nudged(state, seed, chain, size, held) {
    const other = this.begin(seed, chain + OTHERS, -1, null).map((direction, i) => {
      const moves = (/** @type {number} */ site) => i !== this.label && !(i === 0 && held && held.mask[site]);
      return state[i].map((x, site) => (moves(site) ? x + direction[site] : x));
    });
    const scale = size / this.apart(state, other);
    return other.map((layer, i) => layer.map((x, site) => state[i][site] + scale * (x - state[i][site])));
  }

  /** How far two states are apart: the root of the mean square of their potentials. @param {Float32Array[]} one @param {Float32Array[]} other */
  apart(one, other) {
    let sum = 0, units = 0;
    one.forEach((layer, i) => {
      if (i === this.label) return;
      units += layer.length;
      for (let site = 0; site < layer.length; site++) sum += (layer[site] - other[i][site]) ** 2;
    });
    return Math.sqrt(sum / Math.max(1, units));
  }

  /**
   * Rates of at most so many units of the visible layer, then of the hidden ones, evenly spaced.
   * @param {Float32Array[]} state @param {number} most @returns {number[][]}
   */
  ratesOf(state, most) {
    const parts = [state[0], ...state.slice(this.observed)].map((layer) => {
      const count = Math.min(layer.length, most);
      return Array.from({ length: count }, (_, i) => Math.tanh(layer[Math.floor((i * layer.length) / count)]));
    });
    return [parts[0], parts.slice(1).flat()];
  }

  /**
   * One Euler step of a chain, in place: x <- x + dt/tau (b + tanh(y) K - x), all layers from the rates before it.
   * @param {Float32Array[]} state
   * @param {Uint8Array} hidden 1 for each hidden unit whose rate is positive
   * @param {number} _seed
   * @param {number} _chain
   * @param {number} _step
   * @param {Held | null} held
   */
  sweep(state, hidden, _seed, _chain, _step, held) {
    const { layers, rates, pulls, couplings, label, pace, remain, rateOf } = this;
    let moved = 0, units = 0;
    layers.forEach((layer, i) => {
      for (let site = 0; site < layer.sites; site++) rates[i][site] = rateOf(state[i][site]);
      pulls[i].set(layer.pull);
    });
    layers.forEach((layer, i) => {
      if (i === label) return;
      const x = state[i], before = x.slice(), pull = pulls[i], inputs = couplings.filter(({ target }) => target === i);
      for (const each of inputs) if (each.source === label) this.feel(each, pull);
      for (let site = 0; site < layer.sites; site++) x[site] = fround(x[site] * remain) + pull[site];
      for (const each of inputs) if (each.source !== label) this.feel(each, x);
      for (let site = 0; site < layer.sites; site++) {
        if (i === 0 && held && held.mask[site]) x[site] = before[site];
        else moved += ((x[site] - before[site]) / pace) ** 2, units++;
      }
    });
    this.speed = Math.sqrt(moved / Math.max(1, units));
    let unit = 0;
    for (const x of state.slice(this.observed)) for (const potential of x) hidden[unit++] = potential > 0 ? 1 : 0;
  }

  /** @param {Float32Array[]} state @param {Uint8Array} out */
  valuesOf(state, out) {
    const top = this.levels - 1;
    for (let site = 0; site < this.sites; site++)
      out[site] = top === 1 ? Number(state[0][site] > 0) : Math.round((top * (Math.tanh(state[0][site]) + 1)) / 2);
  }

  /** The rate that stands for a code. @param {number} code */
  rateOfCode(code) {
    return (2 * code) / (this.levels - 1) - 1;
  }

  /** A network has no energy. @returns {number[]} */
  scores() {
    return [];
  }

  /** What a sample puts on each hidden unit; only the first hidden layer sees it. @param {Uint8Array} row */
  pushes(row) {
    const push = new Array(this.hidden).fill(-Infinity);
    for (const { source, target, matrix, step } of this.couplings) {
      if (source !== 0 || target !== this.observed) continue;
      const width = step.length, on = this.top;
      push.fill(0, 0, width);
      for (let s = 0; s < this.sites; s++)
        for (let t = 0; t < width; t++) push[t] += on * this.rateOfCode(row[s]) * matrix[s * width + t] * step[t];
    }
    return push;
  }

  /** What visible units feel of a hidden one. @param {number} unit */
  receptiveField(unit) {
    const weights = new Float32Array(this.sites), colours = new Int16Array(this.sites).fill(1);
    for (const { source, target, matrix, step } of this.couplings)
      if (target === 0 && source === this.observed)
        for (let t = 0; t < this.sites; t++) weights[t] = matrix[unit * this.sites + t] * step[t] * this.top;
    return { weights, colours };
  }
}

/** The potential of a rate. @param {number} rate */
const potentialOf = (rate) => fround(Math.atanh(Math.max(-SATURATED, Math.min(SATURATED, rate))));

// @ts-check
/// <reference path="philox.js" />
// A restricted Boltzmann machine as shortrun runs it on a CPU. Weights are whole numbers of steps where the C kernels
// have them so; every field is then exact, and draws repeat the kernels' float32 arithmetic.
"use strict";

/**
 * @typedef {object} LayerForm
 * @property {string} name
 * @property {number} sites
 * @property {number} colours 0 for two-valued units
 * @property {number} gain of two-valued units: 1, or 2 of Ising spins
 * @property {number[] | null} holds which sites of the data; null for all in order
 * @property {string | null} start thresholds of starts, float32: (origins, features); null for uniform noise
 */
/**
 * @typedef {object} MachineForm
 * @property {LayerForm[]} layers observed layers
 * @property {number} hidden
 * @property {number} hiddenGain
 * @property {"sample" | "mean"} rule
 * @property {number | null} label position of the label layer
 * @property {string | null} origins sums of the shares of a class that start from each row of thresholds, float64: (classes, origins)
 * @property {number} sites of the data
 * @property {"int16" | "float32"} type of the weights
 * @property {number} step what a weight of 1 stands for
 * @property {string} weights (features, hidden)
 * @property {string} bias of the features, float32
 * @property {string} hiddenBias float32
 * @property {number} stream of the noise of generated samples
 */

const fround = Math.fround;

/**
 * @param {string} text base64
 * @returns {ArrayBuffer}
 */
function bytesOf(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

/** @param {string} text base64 @returns {Float32Array} */
const floatsOf = (text) => new Float32Array(bytesOf(text));

const bits = new DataView(new ArrayBuffer(4));

/**
 * e^x in float32 as the kernels compute it (engine/csrc/draws.h): products are exact in float64, so that rounding a
 * sum to float32 is a fused multiply-add, but for ties that float64 makes.
 * @param {number} x
 */
function exponential(x) {
  x = Math.min(Math.max(x, -87), 87);
  const shifted = fround(x * 1.4426950216293335 + 12582912), n = fround(shifted - 12582912);
  let r = fround(n * -0.693145751953125 + x);
  r = fround(n * -1.428606765330187e-6 + r);
  let p = fround(0.008312520571053028 * r + 0.04189015552401543);
  p = fround(p * r + 0.16667114198207855);
  p = fround(p * r + 0.499992311000824);
  p = fround(p * r + 1);
  p = fround(p * r + 1);
  bits.setFloat32(0, p);
  bits.setInt32(0, bits.getInt32(0) + (n << 23));
  return bits.getFloat32(0);
}

/** ln(1 + e^x) @param {number} x */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** ln of the sum of e^x @param {ArrayLike<number>} x */
function logSumExp(x) {
  let top = -Infinity, sum = 0;
  for (let i = 0; i < x.length; i++) top = Math.max(top, x[i]);
  for (let i = 0; i < x.length; i++) sum += Math.exp(x[i] - top);
  return top + Math.log(sum);
}

/**
 * The colours of a clamp, and of the data: one number a site.
 * @typedef {{mask: Uint8Array, values: Uint8Array}} Held
 */

class Layer {
  /**
   * @param {LayerForm} form
   * @param {number} first its first feature
   */
  constructor(form, first) {
    this.name = form.name, this.sites = form.sites, this.colours = form.colours, this.gain = form.gain;
    this.first = first;
    this.width = form.sites * (form.colours || 1);
    this.holds = form.holds || Array.from({ length: form.sites }, (_, site) => site);
    this.start = form.start === null ? null : floatsOf(form.start);
    this.uniforms = new Float32Array(form.sites);
  }

  /** The feature that a site shows with a code; -1 for none. @param {number} site @param {number} code */
  feature(site, code) {
    if (this.colours) return this.first + site * this.colours + code;
    return code ? this.first + site : -1;
  }
}

class Machine {
  /** @param {MachineForm} form */
  constructor(form) {
    let features = 0;
    /** @type {Layer[]} */
    this.layers = [];
    for (const layer of form.layers) {
      this.layers.push(new Layer(layer, features));
      features += layer.sites * (layer.colours || 1);
    }
    this.features = features, this.hidden = form.hidden, this.hiddenGain = form.hiddenGain;
    this.rule = form.rule, this.label = form.label, this.sites = form.sites, this.step = form.step;
    this.stream = form.stream;
    this.origins = form.origins === null ? null : new Float64Array(bytesOf(form.origins));
    this.speed = 0; // of networks only
    const whole = form.type === "int16", buffer = bytesOf(form.weights);
    this.weights = whole ? new Int16Array(buffer) : new Float32Array(buffer);
    this.turned = whole ? new Int16Array(this.weights.length) : new Float32Array(this.weights.length);
    for (let f = 0; f < features; f++)
      for (let j = 0; j < this.hidden; j++) this.turned[j * features + f] = this.weights[f * this.hidden + j];
    this.bias = floatsOf(form.bias), this.hiddenBias = floatsOf(form.hiddenBias);
    this.up = whole ? new Int32Array(this.hidden) : new Float64Array(this.hidden);
    this.down = whole && this.rule === "sample" ? new Int32Array(features) : new Float64Array(features);
    this.hiddenUniforms = new Float32Array(this.hidden);
    this.passed = new Float32Array(this.hidden);
  }

  get classes() {
    return this.label === null ? 0 : this.layers[this.label].colours;
  }

  /**
   * The layers of a chain as it starts: noise, the label, and what is held.
   * @param {number} seed
   * @param {number} chain
   * @param {number} label code of the class; -1 without one
   * @param {Held | null} held
   * @returns {Uint8Array[]}
   */
  begin(seed, chain, label, held) {
    const origin = this.origin(seed, chain, label);
    return this.layers.map((layer, i) => {
      if (i === this.label) return Uint8Array.of(Math.max(label, 0));
      uniforms(seed, placeOf(this.stream, i, 0), chain, layer.uniforms);
      const codes = new Uint8Array(layer.sites);
      for (let site = 0; site < layer.sites; site++)
        codes[site] = startOf(layer, site, layer.uniforms[site], origin);
      return held === null ? codes : withHeld(layer, codes, held);
    });
  }

  /**
   * The row of thresholds from which a chain of a class starts; -1 for uniform noise.
   * @param {number} seed
   * @param {number} chain
   * @param {number} label
   */
  origin(seed, chain, label) {
    if (this.origins === null || label < 0) return -1;
    const rows = this.origins.length / this.classes, u = new Float32Array(1);
    const sums = this.origins.subarray(label * rows, (label + 1) * rows);
    uniforms(seed, placeOf(this.stream, this.layers.length, 0), chain, u);
    return sums.findIndex((sum) => u[0] * sums[rows - 1] < sum);
  }

  /**
   * One block-Gibbs sweep of a chain, in place: h given the observed layers, then those given h.
   * @param {Uint8Array[]} state observed layers
   * @param {Uint8Array} hidden codes that it draws (1 where a mean is above 1/2)
   * @param {number} seed
   * @param {number} chain
   * @param {number} sweep from 1
   * @param {Held | null} held
   */
  sweep(state, hidden, seed, chain, sweep, held) {
    this.sumUp(state);
    this.drawHidden(hidden, seed, chain, sweep);
    this.sumDown(hidden);
    for (let i = 0; i < this.layers.length; i++) {
      if (i === this.label) continue;
      const layer = this.layers[i];
      uniforms(seed, placeOf(this.stream, i, sweep), chain, layer.uniforms);
      if (layer.colours) this.drawColours(layer, state[i]);
      else this.drawBits(layer, state[i]);
      if (held !== null) withHeld(layer, state[i], held);
    }
  }

  /** The sums of the weights of what the observed layers show, in steps. @param {Uint8Array[]} state */
  sumUp(state) {
    const { up, weights, hidden } = this;
    up.fill(0);
    for (let i = 0; i < this.layers.length; i++) {
      const layer = this.layers[i], codes = state[i], factor = layer.gain;
      for (let site = 0; site < layer.sites; site++) {
        const feature = layer.feature(site, codes[site]);
        if (feature < 0) continue;
        const row = feature * hidden;
        if (factor === 1) for (let j = 0; j < hidden; j++) up[j] += weights[row + j];
        else for (let j = 0; j < hidden; j++) up[j] += 2 * weights[row + j];
      }
    }
  }

  /** The field on a hidden unit, after `sumUp`. @param {number} j */
  hiddenField(j) {
    return fround(fround(this.up[j] * this.step) + this.hiddenBias[j]);
  }

  /** @param {Uint8Array} codes @param {number} seed @param {number} chain @param {number} sweep */
  drawHidden(codes, seed, chain, sweep) {
    if (this.rule === "mean") {
      for (let j = 0; j < this.hidden; j++) {
        const odds = exponential(fround(-this.hiddenGain * this.hiddenField(j)));
        this.passed[j] = fround(1 / fround(odds + 1));
        codes[j] = this.passed[j] > 0.5 ? 1 : 0;
      }
      return;
    }
    uniforms(seed, placeOf(this.stream, this.layers.length, sweep), chain, this.hiddenUniforms);
    for (let j = 0; j < this.hidden; j++)
      codes[j] = drawnBit(this.hiddenUniforms[j], fround(-this.hiddenGain * this.hiddenField(j)));
  }

  /** What the hidden layer puts on every feature, in steps. @param {Uint8Array} codes */
  sumDown(codes) {
    const { down, turned, features, hiddenGain } = this;
    down.fill(0);
    for (let j = 0; j < this.hidden; j++) {
      const passed = (this.rule === "mean" ? this.passed[j] : codes[j]) * hiddenGain;
      if (!passed) continue;
      const row = j * features;
      if (passed === 1) for (let f = 0; f < features; f++) down[f] += turned[row + f];
      else for (let f = 0; f < features; f++) down[f] += passed * turned[row + f];
    }
  }

  /** @param {number} feature */
  field(feature) {
    return fround(fround(this.down[feature] * this.step) + this.bias[feature]);
  }

  /** @param {Layer} layer @param {Uint8Array} codes */
  drawBits(layer, codes) {
    for (let site = 0; site < layer.sites; site++)
      codes[site] = drawnBit(layer.uniforms[site], fround(-layer.gain * this.field(layer.first + site)));
  }

  /** The inverse of the cumulative softmax at u, as the kernels draw it. @param {Layer} layer @param {Uint8Array} codes */
  drawColours(layer, codes) {
    const q = layer.colours, sums = new Float32Array(q);
    for (let site = 0; site < layer.sites; site++) {
      const first = layer.first + site * q;
      let top = -Infinity, sum = 0;
      for (let c = 0; c < q; c++) {
        sums[c] = this.field(first + c);
        top = Math.max(top, sums[c]);
      }
      for (let c = 0; c < q; c++) sums[c] = sum = fround(sum + exponential(fround(sums[c] - top)));
      codes[site] = passedBy(sums, 0, q, fround(layer.uniforms[site] * sum));
    }
  }

  // ------------------------------------------------------------------------------------------ what it says of a sample

  /**
   * The values of the data as observed layers.
   * @param {Uint8Array} values one code a site
   * @param {number} label
   */
  stateOf(values, label) {
    return this.layers.map((layer, i) =>
      i === this.label ? Uint8Array.of(Math.max(label, 0)) : Uint8Array.from(layer.holds, (site) => values[site]));
  }

  /** Observed layers as values of the data. @param {Uint8Array[]} state @param {Uint8Array} out */
  valuesOf(state, out) {
    this.layers.forEach((layer, i) => {
      if (i !== this.label) for (let s = 0; s < layer.sites; s++) out[layer.holds[s]] = state[i][s];
    });
  }

  /**
   * -F of a sample without its label: a x + sum of ln z of the hidden units, for each class, or once without classes.
   * @param {Uint8Array} values
   * @returns {Float64Array}
   */
  scores(values) {
    const state = this.stateOf(values, 0), found = new Float64Array(this.classes || 1);
    let common = 0;
    for (let i = 0; i < this.layers.length; i++)
      if (i !== this.label) common += this.biasTerm(this.layers[i], state[i]);
    this.sumUp(state);
    const label = this.label === null ? null : this.layers[this.label], one = label ? label.first * this.hidden : 0;
    for (let k = 0; k < found.length; k++) {
      const row = label ? (label.first + k) * this.hidden : 0;
      let sum = common + (label ? this.bias[label.first + k] + this.shiftOf(label.first + k) : 0);
      for (let j = 0; j < this.hidden; j++) {
        const change = label ? this.weights[row + j] - this.weights[one + j] : 0;
        const field = (this.up[j] + change) * this.step + this.hiddenBias[j];
        sum += this.hiddenGain === 1 ? softplus(field) : Math.abs(field) + softplus(-2 * Math.abs(field));
      }
      found[k] = sum;
    }
    return found;
  }

  /** a x of a layer. @param {Layer} layer @param {Uint8Array} codes */
  biasTerm(layer, codes) {
    let sum = 0;
    for (let site = 0; site < layer.sites; site++) {
      if (layer.colours) {
        const feature = layer.feature(site, codes[site]);
        sum += this.bias[feature] + this.shiftOf(feature);
      } else {
        const x = layer.gain === 2 ? 2 * codes[site] - 1 : codes[site];
        sum += x * (this.bias[layer.first + site] + this.shiftOf(layer.first + site));
      }
    }
    return sum;
  }

  /** What the bias of a feature lacks because hidden spins are 2 b - 1: the sum of its weights. @param {number} feature */
  shiftOf(feature) {
    if (this.hiddenGain === 1) return 0;
    let sum = 0;
    for (let j = 0; j < this.hidden; j++) sum += this.weights[feature * this.hidden + j];
    return sum * this.step;
  }

  /** What a sample puts on each hidden unit. @param {Uint8Array} row @param {number} label */
  pushes(row, label) {
    this.sumUp(this.stateOf(row, label));
    return Array.from(this.up, (sum) => sum * this.step);
  }

  /**
   * The weight of a hidden unit on each site: of sites of several colours, that of the colour they pull to most,
   * relative to the mean.
   * @param {number} unit
   */
  receptiveField(unit) {
    const weights = new Float32Array(this.sites), colours = new Int16Array(this.sites).fill(-1);
    this.layers.forEach((layer, i) => {
      if (i === this.label) return;
      for (let s = 0; s < layer.sites; s++) {
        const site = layer.holds[s], q = layer.colours, first = layer.first + s * (q || 1);
        if (!q) {
          weights[site] = this.weights[first * this.hidden + unit] * this.step, colours[site] = 1;
          continue;
        }
        let mean = 0, best = 0;
        for (let c = 0; c < q; c++) mean += this.weights[(first + c) * this.hidden + unit] / q;
        for (let c = 1; c < q; c++)
          if (Math.abs(this.weights[(first + c) * this.hidden + unit] - mean)
            > Math.abs(this.weights[(first + best) * this.hidden + unit] - mean)) best = c;
        weights[site] = (this.weights[(first + best) * this.hidden + unit] - mean) * this.step, colours[site] = best;
      }
    });
    return { weights, colours };
  }
}

/** Code 1 iff u < 1 / (1 + e^x), as u (1 + e^x) < 1. @param {number} u @param {number} x */
const drawnBit = (u, x) => (fround(u * fround(exponential(x) + 1)) < 1 ? 1 : 0);

/**
 * How many of the first q - 1 cumulative sums a threshold has reached.
 * @param {Float32Array} sums
 * @param {number} first
 * @param {number} q
 * @param {number} threshold
 */
function passedBy(sums, first, q, threshold) {
  let code = 0;
  for (let c = 0; c < q - 1; c++) if (!(threshold < sums[first + c])) code++;
  return code;
}

/** The code that a site starts with. @param {Layer} layer @param {number} site @param {number} u @param {number} origin */
function startOf(layer, site, u, origin) {
  const q = layer.colours;
  if (layer.start === null || origin < 0) return q ? Math.min(Math.trunc(fround(u * q)), q - 1) : u < 0.5 ? 1 : 0;
  const first = origin * layer.width + site * (q || 1);
  if (!q) return u < layer.start[first] ? 1 : 0;
  return passedBy(layer.start, first, q, fround(u * layer.start[first + q - 1]));
}

/** @param {Layer} layer @param {Uint8Array} codes @param {Held} held */
function withHeld(layer, codes, held) {
  for (let s = 0; s < layer.sites; s++)
    if (held.mask[layer.holds[s]]) codes[s] = held.values[layer.holds[s]];
  return codes;
}

// @ts-check
/// <reference path="network.js" />
// Runs beside the page: it has the machine, runs chains, and says what the machine sees in samples.
"use strict";

/**
 * @typedef {object} RunAsk
 * @property {"run"} ask
 * @property {number} id
 * @property {number} seed
 * @property {number[]} labels a code for each sample, -1 without classes
 * @property {number[]} times sweeps that are shown, in order, from 0
 * @property {Held | null} held
 */
/**
 * @typedef {object} LookAsk
 * @property {"look"} ask
 * @property {number} id
 * @property {Uint8Array[]} rows values of the data
 */
/**
 * @typedef {object} UnitsAsk
 * @property {"units"} ask
 * @property {number} id
 * @property {Uint8Array} row
 * @property {number} label
 * @property {Uint8Array} hidden
 * @property {number} count
 */

/**
 * @typedef {object} PathAsk
 * @property {"path"} ask
 * @property {number} id
 * @property {number} seed
 * @property {number} chain
 * @property {number} label
 * @property {number[]} times
 * @property {Held | null} held
 * @property {number} size by which the other start is off
 * @property {number} most units of a layer
 */

/** @type {Machine | Network} */
let machine;
let newest = 0; // the run that was asked for last: earlier ones stop

const answer = /** @type {(answer: object) => void} */ (/** @type {unknown} */ (postMessage));
const rest = () => new Promise((resolve) => setTimeout(resolve));

/** @param {RunAsk} given */
async function runChains({ id, seed, labels, times, held }) {
  newest = id;
  const chains = labels.map((label, chain) => ({
    state: /** @type {any} */ (machine.begin(seed, chain, label, held)), hidden: new Uint8Array(machine.hidden), speed: 0 }));
  let spent = 0, shown = performance.now();
  for (let t = 0, frame = 0; frame < times.length; t++) {
    const begin = performance.now();
    if (t > 0)
      chains.forEach((it, chain) => {
        machine.sweep(it.state, it.hidden, seed, chain, t, held);
        it.speed = machine.speed;
      });
    spent += performance.now() - begin;
    if (t === times[frame]) {
      const rows = chains.map(({ state }) => {
        const values = new Uint8Array(machine.sites);
        machine.valuesOf(state, values);
        return values;
      });
      answer({ answer: "frame", id, frame, t, rows, hidden: chains.map(({ hidden }) => hidden.slice()),
        speeds: chains.map(({ speed }) => speed), spent });
      frame++;
    }
    if (performance.now() - shown > 20) { // let other questions in
      await rest();
      shown = performance.now();
      if (newest !== id) return;
    }
  }
  answer({ answer: "done", id, spent });
}

/** @param {LookAsk} given */
async function look({ id, rows }) {
  const scores = [];
  for (const row of rows) {
    scores.push([...machine.scores(row)]);
    if (scores.length % 20 === 0) await rest();
  }
  answer({ answer: "seen", id, scores });
}

/** The units that are on and that a sample turns on most, with their weights. @param {UnitsAsk} given */
function units({ id, row, label, hidden, count }) {
  const push = machine.pushes(row, label);
  const on = push.map((_, unit) => unit).filter((unit) => hidden[unit] && push[unit] > -Infinity).sort((a, b) => push[b] - push[a]).slice(0, count);
  answer({ answer: "units", id, fields: on.map((unit) => ({ unit, push: push[unit], ...machine.receptiveField(unit) })) });
}

let newestPath = 0;

/** The rates of a chain of a network, step by step, and how far from it one goes that starts a little off. @param {PathAsk} given */
async function path({ id, seed, chain, label, times, held, size, most }) {
  const network = /** @type {Network} */ (machine), one = network.begin(seed, chain, label, held);
  const other = network.nudged(one, seed, chain, size, held), hidden = new Uint8Array(network.hidden);
  const rates = [], apart = [], differ = [];
  newestPath = id;
  for (let t = 0, frame = 0, shown = performance.now(); frame < times.length; t++) {
    if (t > 0) for (const state of [one, other]) network.sweep(state, hidden, seed, chain, t, held);
    if (t === times[frame]) {
      rates.push(network.ratesOf(one, most)), apart.push(network.apart(one, other));
      differ.push(one[0].reduce((sum, x, site) => sum + (x > 0 === other[0][site] > 0 ? 0 : 1), 0));
      frame++;
    }
    if (performance.now() - shown > 20) {
      await rest();
      shown = performance.now();
      if (newestPath !== id) return;
    }
  }
  answer({ answer: "path", id, rates, apart, differ });
}

onmessage = ({ data }) => {
  if (data.ask === "load") machine = data.machine.family ? new Network(data.machine) : new Machine(data.machine), answer({ answer: "ready" });
  else if (data.ask === "run") runChains(data);
  else if (data.ask === "look") look(data);
  else if (data.ask === "path") path(data);
  else units(data);
};

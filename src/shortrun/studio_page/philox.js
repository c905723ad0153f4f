// @ts-check
// The noise of shortrun/philox.py, in 32-bit arithmetic: a uniform is a function of (seed, place, chain, site).
"use strict";

const M0 = 0xd2511f53, M1 = 0xcd9e8d57, W0 = 0x9e3779b9, W1 = 0xbb67ae85;
const STREAM_BITS = 28, LAYER_BITS = 24; // dynamics/noise.py: place = stream | layer | step

/**
 * The upper half of the 64-bit product of two 32-bit words.
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function upperHalf(a, b) {
  const ah = a >>> 16, al = a & 0xffff, bh = b >>> 16, bl = b & 0xffff;
  const middle = ah * bl + ((al * bl) >>> 16); // below 2^32, as every sum here
  const other = al * bh + (middle & 0xffff);
  return (ah * bh + (middle >>> 16) + (other >>> 16)) >>> 0;
}

/**
 * Encrypt a counter of four words: Philox4x32-10.
 * @param {Uint32Array} counter four words, replaced by the output
 * @param {number} key0
 * @param {number} key1
 */
function philox(counter, key0, key1) {
  let c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  for (let round = 0; round < 10; round++) {
    const high0 = upperHalf(c0, M0), high1 = upperHalf(c2, M1);
    const low0 = Math.imul(c0, M0) >>> 0, low1 = Math.imul(c2, M1) >>> 0;
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0;
    key0 = (key0 + W0) >>> 0;
    key1 = (key1 + W1) >>> 0;
  }
  counter[0] = c0, counter[1] = c1, counter[2] = c2, counter[3] = c3;
}

/**
 * Where noise is used: stream, layer and step in one word.
 * @param {number} stream
 * @param {number} layer
 * @param {number} step
 */
function placeOf(stream, layer, step) {
  return ((stream << STREAM_BITS) | (layer << LAYER_BITS) | step) >>> 0;
}

const counter = new Uint32Array(4);

/**
 * Fill the uniforms of the sites of one chain: 64 sites are 16 counters, whose four words are four runs of 16 sites.
 * @param {number} seed a whole number below 2^53
 * @param {number} place
 * @param {number} chain
 * @param {Float32Array} out one number a site, strictly between 0 and 1
 */
function uniforms(seed, place, chain, out) {
  const low = seed % 2 ** 32, high = Math.floor(seed / 2 ** 32), sites = out.length;
  for (let first = 0; first < sites; first += 64)
    for (let i = 0; i < 16 && first + i < sites; i++) {
      counter[0] = first / 4 + i, counter[1] = chain, counter[2] = 0, counter[3] = place;
      philox(counter, low, high);
      for (let word = 0, site = first + i; word < 4 && site < sites; word++, site += 16)
        out[site] = ((counter[word] >>> 9) + 0.5) * 2 ** -23;
    }
}

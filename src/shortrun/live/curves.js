// @ts-check
/// <reference path="../studio_page/views.js" />
// Curves against updates, on a logarithmic axis as trainings go.
"use strict";

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {[number, number][]} points update and value, in order
 * @property {string} colour
 * @property {number[]} dash so that lines differ in more than their colour
 */
/**
 * @typedef {object} Curves
 * @property {Series[]} series
 * @property {boolean} log whether values are on a logarithmic axis
 * @property {number | null} guide a value that is ideal
 * @property {number[]} marks updates at which the training went back
 */

const LEFT = 46, RIGHT = 92, TOP = 8, BOTTOM = 24, LINE = 15;

/** @param {number} value */
const brief = (value) => (value === 0 ? "0" : Math.abs(value) >= 1000 || Math.abs(value) < 0.01 ? value.toExponential(0).replace("e+", "e") : String(Number(value.toPrecision(2))));

/**
 * Numbers to write at an axis: powers of ten, else four to seven round ones.
 * @param {number} low @param {number} high @param {boolean} log @returns {number[]}
 */
function ticks(low, high, log) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const powers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
    if (powers.length > 1) return powers.filter((_, i) => i % Math.ceil(powers.length / 6) === 0);
    return [low, Math.sqrt(low * high), high];
  }
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((it) => it * power >= rough) || 10);
  return Array.from({ length: 8 }, (_, i) => (Math.ceil(low / step - 1e-9) + i) * step).filter((it) => it <= high + 1e-9);
}

/**
 * Draw curves, with their names at their ends.
 * @param {HTMLCanvasElement} canvas @param {Curves} curves @param {Theme} theme @param {number} width @param {number} height
 */
function drawCurves(canvas, { series, log, guide, marks }, theme, width, height) {
  const context = prepared(canvas, /** @type {Layout} */ ({ width, height }));
  const points = series.flatMap((each) => each.points.filter(([, y]) => !log || y > 0));
  if (!points.length) return;
  const ys = points.map(([, y]) => y).concat(guide === null ? [] : [guide]), last = Math.max(10, ...points.map(([x]) => x));
  let low = Math.min(...ys), high = Math.max(...ys);
  if (log) (low /= 1.15), (high *= 1.15);
  else if (high - low < 0.02) (low -= 0.01), (high += 0.01);
  const scale = (/** @type {number} */ v) => (log ? Math.log(v) : v);
  const across = (/** @type {number} */ x) => LEFT + (Math.log(Math.max(x, 1)) / Math.log(last)) * (width - LEFT - RIGHT);
  const down = (/** @type {number} */ y) => height - BOTTOM - ((scale(y) - scale(low)) / (scale(high) - scale(low))) * (height - TOP - BOTTOM);
  const line = (/** @type {number[]} */ [x, y, to, at], /** @type {string} */ colour, /** @type {number[]} */ dash) => {
    context.strokeStyle = colour, context.lineWidth = 1, context.setLineDash(dash);
    context.beginPath(), context.moveTo(x, y), context.lineTo(to, at), context.stroke();
  };
  context.font = "11px system-ui, sans-serif", context.textBaseline = "middle", context.fillStyle = theme.soft;
  context.textAlign = "right";
  for (const y of ticks(low, high, log)) line([LEFT, down(y), width - RIGHT, down(y)], theme.line, []), context.fillText(brief(y), LEFT - 7, down(y));
  context.textAlign = "center";
  for (const x of ticks(1, last, true)) context.fillText(x.toLocaleString("en"), across(x), height - 9);
  for (const x of marks) line([across(x), TOP, across(x), height - BOTTOM], theme.hold, [2, 3]);
  if (guide !== null) line([LEFT, down(guide), width - RIGHT, down(guide)], theme.ink, [1, 3]);
  context.textAlign = "left";
  let free = -Infinity; // where the next name has room
  const ends = series.filter((each) => each.points.length).map((each) => ({ each, at: each.points[each.points.length - 1] }));
  for (const { each, at } of ends.sort((a, b) => down(a.at[1]) - down(b.at[1]))) {
    context.strokeStyle = each.colour, context.lineWidth = 2, context.lineJoin = "round", context.setLineDash(each.dash);
    context.beginPath();
    for (const [x, y] of each.points) if (!log || y > 0) context.lineTo(across(x), down(y));
    context.stroke();
    if (each.points.length === 1) context.fillStyle = each.colour, context.fillRect(across(at[0]) - 2, down(at[1]) - 2, 4, 4);
    if (!each.name) continue;
    const y = Math.max(down(at[1]), free);
    free = y + LINE;
    context.fillStyle = each.colour, context.fillText(each.name, width - RIGHT + 6, Math.min(y, height - BOTTOM));
  }
  context.setLineDash([]);
}

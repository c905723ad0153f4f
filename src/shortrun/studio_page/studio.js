// @ts-check
/// <reference path="page.js" />
/// <reference path="views.js" />
/// <reference path="exports.js" />
/// <reference path="sound.js" />
// The page: asks the worker for chains and shows them. Texts from files go into the page as text only.
"use strict";

/**
 * @typedef {object} PageData
 * @property {any} machine what the worker runs (machine.js)
 * @property {KindForm} kind
 * @property {string[]} classes
 * @property {number[]} counts training samples of each class
 * @property {number} k sweeps that the machine was trained to generate after
 * @property {string} run
 * @property {string} options of the command line that name the age
 * @property {{count: number, values: string, labels: number[]} | null} known training samples
 */
/** @typedef {{rates: number[][][], apart: number[], differ: number[]}} Path rates by frame, of visible and of hidden units */
/** @typedef {{rows: Uint8Array[], hidden: Uint8Array[], speeds: number[], t: number}} Frame */

/** @type {PageData} */
const D = JSON.parse(byId("data").textContent);
const { kind, classes, k } = D, S = kind.sites, H = D.machine.hidden, isNetwork = "family" in D.machine;
const word = isNetwork ? "step" : "sweep";
const BYTES = 64e6, MOST_FRAMES = 161, TICK = 1800, MOST_CHIPS = 14, MOST_BARS = 14, MOST_FIXED = 40, MOST_UNITS = 8, WAIT = 250, MOST_SWEEPS = 300, MOST_RATES = 64;
/** @type {Partial<Record<KindForm["view"], number>>} units that are shown beside strips */
const UNITS = { sequence: 3, genotypes: 4, sites: 4 };
const still = matchMedia("(prefers-reduced-motion: reduce)");

const held = { mask: new Uint8Array(S), values: new Uint8Array(S) };
/** @type {Uint8Array} sites that the machine moves: a column of one value is none */
const moves = new Uint8Array(S);
for (const layer of D.machine.layers.slice(0, isNetwork ? 1 : undefined))
  if (layer.name !== "label") (layer.holds || Array.from({ length: S }, (_, i) => i)).forEach((/** @type {number} */ s) => (moves[s] = 1));

const now = {
  run: 0, seed: 0, sent: "", labels: /** @type {number[]} */ ([]), times: /** @type {number[]} */ ([]),
  frames: /** @type {Frame[]} */ ([]), frame: 0, target: 0, playing: false, chosen: 0, cursor: 0,
  brush: "shown", done: false, spent: 0, held: /** @type {{mask: Uint8Array, values: Uint8Array} | null} */ (null),
  path: /** @type {Path | null} */ (null),
};
/** @type {Map<string, number[]>} log weights of the classes, by sample and frame */
const seen = new Map();
/** @type {Layout | null} */
let layout = null;
let theme = themeNow();

/** @param {string} text */
const say = (text) => (byId("said").textContent = text);
const shown = () => now.frames[Math.min(now.frame, now.frames.length - 1)];
const rowShown = () => shown().rows[now.chosen];
const countHeld = () => held.mask.reduce((a, b) => a + b, 0);
/** @param {number} code */
const className = (code) => (code < 0 ? "" : classes[code]);
/** @param {number} site @param {number} code */
const textOf = (site, code) => (kind.columns ? kind.columns[site].spans[code] : (kind.letters || [])[code]);
/** @param {number} site */
const codesOf = (site) => (kind.columns ? kind.columns[site].texts.length : (kind.letters || []).length);
/** @param {number} number */
const short = (number) => (number < 0 ? "−" : "") + Math.abs(number).toFixed(Math.abs(number) < 1000 ? 2 : 0);
/** @param {number} number */
const signed = (number) => (number < 0 ? "−" : "+") + Math.abs(number).toFixed(2);

// ------------------------------------------------------------------------------------------------ the worker

const worker = new Worker(URL.createObjectURL(new Blob([byId("worker").textContent], { type: "text/javascript" })));
worker.onerror = (/** @type {ErrorEvent} */ event) => fail(event.message);
/** @param {string} reason */
function fail(reason) {
  byId("site").textContent = `The machine stopped: ${reason}`;
}

/** @type {Record<string, (data: any) => void>} */
const answers = {
  ready: () => generate(),
  frame({ id, frame, t, rows, hidden, speeds, spent }) {
    if (id !== now.run) return;
    now.frames[frame] = { t, rows, hidden, speeds };
    now.spent = spent;
    if (frame === 0) show();
    else if (frame <= now.frame) show();
  },
  done({ id, spent }) {
    if (id !== now.run) return;
    now.done = true, now.spent = spent;
    document.documentElement.dataset.ready = String(id);
    if (now.frame < now.target && !now.playing) seek(now.target);
    askTrace();
    askPath();
    showMind();
  },
  seen({ id, scores }) {
    const [run, chosen, ...frames] = asked.get(id) || [];
    asked.delete(id);
    if (run !== now.run) return;
    frames.forEach((/** @type {number} */ frame, /** @type {number} */ i) => seen.set(`${chosen}:${frame}`, scores[i]));
    showMind();
  },
  units({ id, fields }) {
    if (id === unitsAsked) showUnits(fields);
  },
  path(found) {
    if (found.id !== pathAsked) return;
    now.path = found;
    showPath();
  },
};
worker.onmessage = (/** @type {MessageEvent} */ { data }) => answers[data.answer](data);

/** @type {Map<number, number[]>} */
const asked = new Map();
let question = 0, unitsAsked = 0, pathAsked = 0;

/** Ask what the machine sees in the chosen sample at some frames. @param {number[]} frames */
function askLook(frames) {
  if (isNetwork) return;
  const wanted = frames.filter((frame) => now.frames[frame] && !seen.has(`${now.chosen}:${frame}`));
  if (!wanted.length) return;
  asked.set(++question, [now.run, now.chosen, ...wanted]);
  worker.postMessage({ ask: "look", id: question, rows: wanted.map((frame) => now.frames[frame].rows[now.chosen]) });
}

function askTrace() {
  if (now.done) askLook(now.frames.map((_, i) => i));
}

/** Ask for the trajectory of the chosen sample of a network, and of one whose start is a little off. */
function askPath() {
  if (!isNetwork || !now.done) return;
  pathAsked = ++question, now.path = null;
  worker.postMessage({ ask: "path", id: pathAsked, seed: now.seed, chain: now.chosen, label: now.labels[now.chosen], times: now.times,
    held: now.held, size: Number(byId("nudge").value), most: MOST_RATES });
}

// ------------------------------------------------------------------------------------------------ generating

/** @returns {number[]} */
function labelsWanted() {
  const n = Number(byId("count").value), wanted = chosenClass();
  if (!classes.length) return new Array(n).fill(-1);
  if (wanted >= 0) return new Array(n).fill(wanted);
  return proportional(D.counts, n).flatMap((count, code) => new Array(count).fill(code));
}

/** The code of the class that is asked for, -1 for all. @returns {number} */
function chosenClass() {
  const select = byId("class-select"), radio = /** @type {any} */ (document.querySelector("#classes input:checked"));
  return Number(select ? select.value : radio ? radio.value : -1);
}

/** @returns {number} */
function seedWanted() {
  const text = byId("seed").value.trim(), value = Number(text), good = /^[0-9]+$/.test(text) && Number.isSafeInteger(value);
  byId("seed").setAttribute("aria-invalid", String(!good));
  if (!good) say("A seed is a whole number from 0 to 9007199254740991.");
  return good ? value : -1;
}

function generate() {
  const seed = seedWanted();
  if (seed < 0) return;
  const labels = labelsWanted(), last = Number(byId("until").value);
  const most = Math.max(3, Math.min(MOST_FRAMES, Math.floor(BYTES / (labels.length * (S + H)))));
  const times = frameTimes(k, last, most), any = countHeld() > 0;
  Object.assign(now, { run: now.run + 1, seed, labels, times, frames: [], frame: 0, done: false, playing: false,
    chosen: Math.min(now.chosen, labels.length - 1), target: times.indexOf(Math.min(k, last)) });
  now.sent = wish();
  seen.clear(), asked.clear();
  byId("time").max = times.length - 1;
  now.held = any ? { mask: held.mask.slice(), values: held.values.slice() } : null;
  showTicks();
  worker.postMessage({ ask: "run", id: now.run, seed, labels, times, held: now.held });
  showGallery();
  showCommand();
  say(`${labels.length} samples${any ? `, ${countHeld()} sites held` : ""}`);
  if (still.matches) seek(now.target);
  else play(now.target);
}

/** All that decides what a run is. */
const wish = () => JSON.stringify([byId("seed").value, chosenClass(), byId("count").value, byId("until").value,
  Array.from(held.mask), Array.from(held.values, (value, i) => value * held.mask[i])]);

/** @param {Event} event */
function submit(event) {
  event.preventDefault();
  if (wish() === now.sent) byId("seed").value = seedWanted() + 1;
  generate();
}

let waiting = 0;
/** Held sites have changed: let the machine complete the rest, soon. */
function complete() {
  show();
  showCommand();
  clearTimeout(waiting);
  waiting = setTimeout(generate, WAIT);
}

// ------------------------------------------------------------------------------------------------ time

let began = 0, from = 0;
/** @param {number} target */
function play(target) {
  Object.assign(now, { playing: true, target });
  began = performance.now(), from = now.frame;
  byId("play").firstElementChild.textContent = "❚❚";
  byId("play").setAttribute("aria-label", "Pause");
  requestAnimationFrame(tick);
}

function pause() {
  now.playing = false;
  byId("play").firstElementChild.textContent = "▶";
  byId("play").setAttribute("aria-label", "Play the sweeps");
}

/** @param {number} moment */
function tick(moment) {
  if (!now.playing) return;
  const wanted = from + Math.ceil(((moment - began) / TICK) * Math.max(12, now.target - from));
  const frame = Math.min(wanted, now.target, now.frames.length - 1);
  if (frame > now.frame) {
    now.frame = frame;
    show();
  }
  if (now.frame >= now.target) pause();
  else requestAnimationFrame(tick);
}

/** Show a frame, as soon as it is there. @param {number} frame */
function seek(frame) {
  pause();
  now.target = now.frame = frame;
  if (now.frames[frame]) show();
}

function showTicks() {
  const last = now.times.length - 1, at = now.times.indexOf(k);
  const marks = [element("span", {}, "noise")];
  if (at > 0 && at < last) marks.push(element("span", { class: "k", style: `left:${(100 * at) / last}%` }, `k = ${k}`));
  marks.push(element("span", { style: "left:100%", class: at === last ? "k" : "" }, at === last ? `k = ${k}` : String(now.times[last])));
  byId("ticks").replaceChildren(...marks);
}

// ------------------------------------------------------------------------------------------------ showing

function show() {
  if (!shown()) return;
  const { t } = shown(), past = t > k ? `, ${short(t / k).replace(/\.?0+$/, "")} k` : t === k ? " = k" : "";
  byId("time").value = now.frame;
  byId("time").setAttribute("aria-valuetext", `${word} ${t}${past}`);
  byId("sweep").textContent = t ? `${word} ${t}${past}` : "noise";
  const name = className(now.labels[now.chosen]);
  byId("stage-title").textContent = `Sample ${now.chosen + 1}${name ? `: ${name}` : ""}`;
  if (kind.view === "table") showTable();
  else showSample();
  showThumbs();
  askLook([now.frame]);
  showMind();
  askUnits();
  showPath();
  showCommand();
}

function showSample() {
  const canvas = stageCanvas();
  drawSample(prepared(canvas, /** @type {Layout} */ (layout)), kind, /** @type {Layout} */ (layout), rowShown(), theme,
    { mask: held.mask, cursor: document.activeElement === canvas ? now.cursor : -1 });
  showSite(document.activeElement === canvas ? now.cursor : -1);
}

/** @returns {HTMLCanvasElement} */
function stageCanvas() {
  const view = byId("view");
  if (!view.firstElementChild) {
    view.append(element("canvas", { id: "sample", tabindex: 0, role: "application",
      "aria-label": "Sample: arrow keys move, Enter holds the site as the buttons above say, Delete releases it",
      onpointerdown: press, onpointermove: drag, onkeydown: key, onfocus: showSample, onblur: showSample }));
    fit();
  }
  return view.firstElementChild;
}

function fit() {
  layout = layoutOf(kind, Math.min(byId("stage").clientWidth - 46, 1100));
}

/** @param {number} site */
function nameOf(site) {
  if (kind.shape) return `pixel ${Math.floor(site / kind.shape[1]) + 1}, ${(site % kind.shape[1]) + 1}`;
  if (kind.music) {
    const key = site % kind.music.keys, tone = ["A", "A♯", "B", "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯"][key % 12];
    return `${tone}${Math.floor((key + 9) / 12)}, bin ${Math.floor(site / kind.music.keys) + 1}`;
  }
  if (kind.variants) return kind.names[site];
  return `site ${site + 1}`;
}

/** @param {number} site */
function showSite(site) {
  const line = byId("site");
  if (site < 0) {
    const count = countHeld(), how = "Click a site to hold it; the machine completes the rest.";
    line.textContent = count ? `${count} of ${S} sites held. ${count < S ? "The machine completes the rest." : ""}` : how;
    return;
  }
  line.textContent = `${nameOf(site)}: ${textOf(site, rowShown()[site])}${held.mask[site] ? ", held" : ""}`;
  say(line.textContent);
}

function showGallery() {
  if (kind.view === "table") return;
  byId("thumbs").replaceChildren(...now.labels.map((label, i) => element("button",
    { type: "button", class: "thumb", "aria-pressed": i === now.chosen, onclick: () => choose(i) },
    element("canvas", { "aria-hidden": "true" }), element("span", {}, `${i + 1}${className(label) ? `: ${className(label)}` : ""}`))));
}

/** @param {number} i */
function choose(i) {
  now.chosen = i;
  show();
  askTrace();
  askPath();
}

function showThumbs() {
  const thumbs = [...byId("thumbs").children];
  if (!thumbs.length) return;
  const room = thumbs[0].clientWidth - (isStrip(kind) ? thumbs[0].lastElementChild.offsetWidth + 26 : 14);
  const small = smallLayout(kind, Math.max(48, isStrip(kind) ? room : Math.min(112, room)));
  thumbs.forEach((thumb, i) => {
    thumb.setAttribute("aria-pressed", String(i === now.chosen));
    drawSample(prepared(thumb.firstElementChild, small), kind, small, shown().rows[i], theme, { mask: held.mask, cursor: -1 });
  });
}

function showTable() {
  const columns = kind.columns || [], view = byId("view");
  if (!view.firstElementChild) view.append(element("table", {}, element("thead"), element("tbody")));
  const [head, body] = view.firstElementChild.children;
  if (head.dataset.run !== String(now.run)) {
    head.dataset.run = now.run;
    head.replaceChildren(element("tr", {}, element("th", { scope: "col" }, "column"), element("th", { scope: "col" }, "hold"),
      ...now.labels.map((label, i) => element("th", { scope: "col" }, element("button", { type: "button", onclick: () => choose(i) },
        `${i + 1}${className(label) ? `: ${className(label)}` : ""}`)))));
    while (body.children.length < columns.length) body.append(tableRow(body.children.length));
  }
  [...head.querySelectorAll("button")].forEach((button, i) => button.setAttribute("aria-pressed", String(i === now.chosen)));
  columns.forEach((_, site) => {
    const row = body.children[site], select = row.children[1].firstElementChild;
    if (select) {
      select.value = held.mask[site] ? String(held.values[site]) : "";
      select.classList.toggle("held", held.mask[site] === 1);
    }
    while (row.children.length > 2 + now.labels.length) row.lastElementChild.remove();
    while (row.children.length < 2 + now.labels.length) row.append(element("td"));
    now.labels.forEach((_label, i) => {
      const cell = row.children[2 + i];
      cell.textContent = columns[site].texts[shown().rows[i][site]] || "–";
      cell.className = `${i === now.chosen ? "chosen" : ""} ${held.mask[site] ? "held" : ""}`;
    });
  });
}

/** @param {number} site */
function tableRow(site) {
  const { name, spans } = (kind.columns || [])[site];
  const select = element("select", { "aria-label": `hold ${name}`, onchange: () => hold(site, select.value === "" ? -1 : Number(select.value)) },
    element("option", { value: "" }, "free"), ...spans.map((text, code) => element("option", { value: code }, text)));
  return element("tr", {}, element("th", { scope: "row", title: name }, name), element("td", {}, moves[site] ? select : "always"));
}

// ------------------------------------------------------------------------------------------------ holding sites

/** Hold a site with a code, or release it. @param {number} site @param {number} code -1 to release */
function hold(site, code) {
  if (!moves[site]) return;
  held.mask[site] = code < 0 ? 0 : 1;
  held.values[site] = Math.max(code, 0);
  if (code >= 0) shown().rows[now.chosen][site] = code;
  complete();
}

/** What the brush does to a site. @param {number} site */
function brushed(site) {
  if (now.brush === "release") return -1;
  return now.brush === "shown" ? rowShown()[site] : Number(now.brush);
}

let strokeReleases = false;
/** @param {PointerEvent} event */
function press(event) {
  const site = siteOf(event);
  if (site < 0 || !shown()) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (event.target).focus({ preventScroll: true });
  /** @type {HTMLElement} */ (event.target).setPointerCapture(event.pointerId);
  now.cursor = site;
  strokeReleases = held.mask[site] === 1 && (now.brush === "shown" || held.values[site] === brushed(site));
  hold(site, strokeReleases ? -1 : brushed(site));
}

/** @param {PointerEvent} event */
function drag(event) {
  const site = siteOf(event);
  if (site < 0 || !event.buttons || site === now.cursor || !shown()) return;
  now.cursor = site;
  hold(site, strokeReleases ? -1 : brushed(site));
}

/** @param {PointerEvent} event */
function siteOf(event) {
  return layout ? siteAt(layout, event.offsetX, event.offsetY) : -1;
}

/** @param {KeyboardEvent} event */
function key(event) {
  /** @type {Record<string, [number, number]>} */
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.ctrlKey || event.metaKey || event.altKey || !shown()) return;
  const letter = (kind.letters || []).indexOf(event.key.toUpperCase());
  if (ways[event.key] && layout) now.cursor = neighbour(layout, now.cursor, ...ways[event.key]);
  else if (event.key === "Enter" || event.key === " ") hold(now.cursor, held.mask[now.cursor] && held.values[now.cursor] === brushed(now.cursor) ? -1 : brushed(now.cursor));
  else if (event.key === "Delete" || event.key === "Backspace") hold(now.cursor, -1);
  else if (letter >= 0) {
    hold(now.cursor, letter);
    if (layout && layout.letters) now.cursor = Math.min(now.cursor + 1, S - 1);
  } else return;
  event.preventDefault();
  showSample();
}

function holdAll() {
  for (let site = 0; site < S; site++) if (moves[site]) held.mask[site] = 1, held.values[site] = rowShown()[site];
  complete();
}

function releaseAll() {
  held.mask.fill(0);
  complete();
}

// ------------------------------------------------------------------------------------------------ what the machine sees

function showMind() {
  const scores = seen.get(`${now.chosen}:${now.frame}`), label = Math.max(now.labels[now.chosen], 0);
  if (scores) {
    if (classes.length) showBars(scores);
    byId("energy").textContent = short(-scores[label]);
  }
  if (isNetwork) byId("energy").textContent = now.frame ? short(shown().speeds[now.chosen]) : "";
  showEnergies(label);
  showNearest();
}

/** @param {number[]} scores */
function showBars(scores) {
  const top = Math.max(...scores), total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
  const shares = scores.map((score) => Math.exp(score - top) / total), own = now.labels[now.chosen];
  let order = shares.map((_, i) => i);
  if (order.length > MOST_BARS) order = order.sort((a, b) => shares[b] - shares[a]).slice(0, MOST_BARS);
  const bars = byId("bars");
  while (bars.children.length > order.length) bars.lastElementChild.remove();
  while (bars.children.length < order.length)
    bars.append(element("div", { class: "bar" }, element("span", { class: "name" }), element("span", { class: "line" }, element("i")), element("span", { class: "share" })));
  order.forEach((code, i) => {
    const bar = bars.children[i], [name, line, share] = bar.children;
    bar.classList.toggle("own", code === own);
    name.textContent = classes[code], name.title = classes[code];
    line.firstElementChild.style.width = `${100 * shares[code]}%`;
    share.textContent = `${(100 * shares[code]).toFixed(shares[code] > 0.0995 || shares[code] < 0.0005 ? 0 : 1)} %`;
  });
}

/** @param {number} label */
function showEnergies(label) {
  const canvas = byId("energies");
  drawTrace(canvas, canvas.parentElement.clientWidth, now.times.map((_, i) => {
    if (isNetwork) return i > 0 && now.frames[i] ? now.frames[i].speeds[now.chosen] : NaN;
    const scores = seen.get(`${now.chosen}:${i}`);
    return scores ? -scores[label] : NaN;
  }));
}

/** Draw a value of each frame, with k and the frame that is shown. @param {HTMLCanvasElement} canvas @param {number} width @param {number[]} points */
function drawTrace(canvas, width, points) {
  const height = 84, context = prepared(canvas, /** @type {Layout} */ ({ width, height })), last = Math.max(1, now.times.length - 1);
  const known = points.filter((it) => !Number.isNaN(it));
  if (!known.length) return;
  const low = Math.min(...known), high = Math.max(...known), pad = 8;
  const x = (/** @type {number} */ i) => 4 + (i / last) * (width - 8);
  const y = (/** @type {number} */ f) => pad + ((high - f) / (high - low || 1)) * (height - 2 * pad);
  const at = now.times.indexOf(k);
  if (at > 0) {
    context.strokeStyle = theme.line, context.lineWidth = 1;
    context.beginPath(), context.moveTo(x(at), 0), context.lineTo(x(at), height), context.stroke();
    context.fillStyle = theme.soft, context.font = "11px system-ui, sans-serif", context.fillText("k", x(at) + 4, 11);
  }
  context.strokeStyle = theme.blue, context.lineWidth = 2, context.lineJoin = "round";
  context.beginPath();
  points.forEach((f, i) => Number.isNaN(f) || context.lineTo(x(i), y(f)));
  context.stroke();
  const here = points[now.frame];
  if (Number.isNaN(here)) return;
  context.fillStyle = theme.hold;
  context.beginPath(), context.arc(x(now.frame), y(here), 4.5, 0, 7), context.fill();
}

/** Rates of a network against time, and how far the sample is from one whose start was a little off. */
function showPath() {
  if (!isNetwork || !now.path) return;
  const { rates, apart, differ } = now.path, width = byId("path").clientWidth - 38, [visible, inner] = rates[0];
  const gap = inner.length ? 4 : 0, rows = visible.length + gap + inner.length, high = Math.max(2, Math.min(5, Math.round(240 / rows)));
  const picture = document.createElement("canvas"), pixels = new ImageData(rates.length, rows);
  picture.width = rates.length, picture.height = rows;
  const [up, down, none] = [theme.blue, theme.hold, theme.box].map(parts);
  rates.forEach(([outer, hidden], t) => [...outer, ...new Array(gap).fill(0), ...hidden].forEach((rate, row) => {
    const to = rate > 0 ? up : down, at = 4 * (row * rates.length + t), share = Math.abs(rate);
    for (let c = 0; c < 3; c++) pixels.data[at + c] = share * to[c] + (1 - share) * none[c];
    pixels.data[at + 3] = 255;
  }));
  /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d")).putImageData(pixels, 0, 0);
  const context = prepared(byId("rates"), /** @type {Layout} */ ({ width, height: rows * high })), last = Math.max(1, rates.length - 1);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, width, rows * high);
  for (const [frame, colour] of [[now.times.indexOf(k), theme.soft], [now.frame, theme.ink]]) {
    context.fillStyle = colour;
    if (frame >= 0) context.fillRect(4 + (frame / last) * (width - 8) - 0.5, 0, 1.5, rows * high);
  }
  drawTrace(byId("apart"), width, apart.map((it) => (it > 0 ? Math.log10(it) : NaN)));
  const at = Math.min(now.frame, apart.length - 1), start = byId("nudge").value;
  byId("apart-told").textContent = `Root mean square distance of the potentials, on a logarithmic scale: ${start} at the start, `
    + `${Number(apart[at].toPrecision(2))} at ${word} ${now.times[at]}, where ${differ[at]} of ${S} sites have another sign.`;
}

/** @type {Uint8Array | null} */
const known = D.known && Uint8Array.from(atob(D.known.values), (letter) => letter.charCodeAt(0));

function showNearest() {
  if (!known || !D.known) return;
  const row = rowShown();
  let best = 0, fewest = S + 1;
  for (let i = 0; i < D.known.count; i++) {
    let different = 0;
    for (let site = 0, at = i * S; site < S && different < fewest; site++, at++)
      different += kind.grey ? Math.abs(known[at] - row[site]) / 255 : Number(known[at] !== row[site]);
    if (different < fewest) best = i, fewest = different;
  }
  const values = known.subarray(best * S, (best + 1) * S), name = className(D.known.labels[best]);
  const told = element("p", { class: "soft" }, `${kind.grey ? `differences sum to ${fewest.toFixed(1)} of ${S}` : `${fewest} of ${S} sites differ`}${name ? `; class ${name}` : ""}; of ${D.known.count} samples in this page`);
  byId("nearest").hidden = false;
  if (kind.view === "table") return byId("near").replaceChildren(told);
  const canvas = element("canvas", { role: "img", "aria-label": "nearest training sample" });
  byId("near").replaceChildren(canvas, told);
  const small = smallLayout(kind, isStrip(kind) ? byId("mind").clientWidth - 36 : 112);
  drawSample(prepared(canvas, small), kind, small, values, theme, { mask: null, cursor: -1 });
}

function askUnits() {
  if (!H) return;
  const hidden = shown().hidden[now.chosen], on = hidden.reduce((a, b) => a + b, 0);
  byId("on").textContent = `${on} of ${H} ${H === 1 ? "is" : "are"} on`;
  byId("hidden").setAttribute("aria-label", `${on} of ${H} hidden units are on`);
  const width = byId("units").clientWidth - 38, cell = Math.max(4, Math.min(14, Math.floor(Math.sqrt((width * 56) / H))));
  const rows = Math.ceil(H / Math.floor(width / cell)), cols = Math.ceil(H / rows);
  const context = prepared(byId("hidden"), /** @type {Layout} */ ({ width, height: rows * cell }));
  hidden.forEach((code, j) => {
    context.fillStyle = code ? theme.blue : theme.cell;
    context.fillRect((j % cols) * cell, Math.floor(j / cols) * cell, cell - 1, cell - 1);
  });
  if (now.playing) return;
  unitsAsked = ++question;
  worker.postMessage({ ask: "units", id: unitsAsked, row: rowShown(), label: now.labels[now.chosen], hidden, count: UNITS[kind.view] || MOST_UNITS });
}

/** @param {{unit: number, push: number, weights: Float32Array, colours: Int16Array}[]} fields */
function showUnits(fields) {
  const pictures = kind.shape || kind.music;
  byId("fields").replaceChildren(...fields.map(({ unit, push, weights, colours }) => {
    const box = element("div", { class: "unit" });
    if (kind.view !== "table") {
      const canvas = element("canvas", { role: "img", "aria-label": `weights of unit ${unit + 1}` });
      const small = pictures ? smallLayout(kind, Math.min(112, Math.floor((byId("fields").clientWidth - 24) / 3)), 1.25) : smallLayout(kind, Math.min(265, byId("fields").clientWidth));
      drawField(prepared(canvas, small), small, weights, theme);
      box.append(canvas);
    }
    box.append(element("b", {}, `unit ${unit + 1}`), ` ${signed(push)}`);
    if (!pictures) {
      const strongest = Array.from(weights.keys()).sort((a, b) => Math.abs(weights[b]) - Math.abs(weights[a])).slice(0, 4);
      box.append(element("ol", {}, ...strongest.map((site) => element("li", {},
        element("span", {}, kind.columns ? `${kind.names[site]} ${textOf(site, colours[site])}` : kind.view === "sequence" ? `${textOf(site, colours[site])} at site ${site + 1}` : nameOf(site)),
        element("span", { class: weights[site] > 0 ? "up" : "down" }, signed(weights[site]))))));
    }
    return box;
  }));
}

// ------------------------------------------------------------------------------------------------ keeping

/** @param {string} text as one word of a shell */
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);

function showCommand() {
  const sites = Array.from(held.mask.keys()).filter((site) => held.mask[site]), wanted = chosenClass();
  const words = ["shortrun", "generate", quoted(D.run)];
  if (wanted >= 0) words.push("--label", quoted(classes[wanted]));
  words.push("-n", String(now.labels.length), "--seed", String(now.seed));
  if (D.options) words.push(D.options);
  const t = shown() ? shown().t : k;
  if (t !== k && t > 0) words.push("--steps", String(t));
  const fixed = sites.map((site) => (kind.columns ? `${kind.names[site]}=${kind.columns[site].texts[held.values[site]]}` : `${site + 1}=${textOf(site, held.values[site])}`));
  if (sites.length && sites.length <= MOST_FIXED) words.push("--fix", quoted(fixed.join(",")));
  if (sites.length > MOST_FIXED) words.push(`--template FILE --keep …`);
  byId("command").textContent = [...words, "-o", `samples.${kind.view === "table" ? "csv" : "npz"}`].join(" ");
}

/** @param {BlobPart} content @param {string} name @param {string} type */
function save(content, name, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
  say(`${name} saved`);
}

/** @param {string} form */
function keep(form) {
  const one = form === "mid", rows = one ? [rowShown()] : shown().rows;
  const labels = one ? [now.labels[now.chosen]] : now.labels, name = `samples-${now.seed}-t${shown().t}.${form}`;
  if (form === "png") return picture(name);
  const content = exported(form, kind, rows, labels, classes);
  save(/** @type {BlobPart} */ (content), name, form === "mid" ? "audio/midi" : "text/plain;charset=utf-8");
}

/** @param {string} name */
function picture(name) {
  const rows = shown().rows, canvas = document.createElement("canvas"), pad = 12;
  const one = isStrip(kind) ? { ...smallLayout(kind, 1200), width: 1200 } : smallLayout(kind, 224, 3);
  const cols = isStrip(kind) ? 1 : Math.ceil(Math.sqrt(rows.length)), across = one.width + pad, down = one.height + pad;
  const context = prepared(canvas, /** @type {Layout} */ ({ width: cols * across + pad, height: Math.ceil(rows.length / cols) * down + pad }), 2);
  context.fillStyle = theme.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  rows.forEach((row, i) => {
    context.save();
    context.translate(pad + (i % cols) * across, pad + Math.floor(i / cols) * down);
    drawSample(context, kind, one, row, theme, { mask: null, cursor: -1 });
    context.restore();
  });
  canvas.toBlob((blob) => blob && save(blob, name, "image/png"), "image/png");
}

function listen() {
  const button = byId("listen");
  const rested = () => (button.textContent = "Play as sound");
  if (silence()) return rested();
  button.textContent = "Stop the sound";
  sound(kind, rowShown(), className(now.labels[now.chosen]), rested);
}

// ------------------------------------------------------------------------------------------------ setting up

/** @param {string} group @param {string} value @param {string} text @param {boolean} checked @param {() => void} changed */
function chip(group, value, text, checked, changed) {
  return element("label", { class: "chip" }, element("input", { type: "radio", name: group, value, checked, onchange: changed }), text);
}

function setUp() {
  const fieldset = byId("classes");
  byId("labels").hidden = !classes.length || isNetwork;
  byId("units").hidden = H === 0;
  if (!classes.length) fieldset.classList.add("none");
  else if (classes.length <= MOST_CHIPS)
    fieldset.append(...["all", ...classes].map((name, i) => chip("class", String(i - 1), name, i === 0, generate)));
  else
    fieldset.append(element("select", { id: "class-select", "aria-label": "Class", onchange: generate },
      ...["all classes", ...classes].map((name, i) => element("option", { value: i - 1 }, name))));
  byId("bars").classList.toggle("short", classes.every((name) => name.length <= 3));
  const counts = kind.view === "table" ? [1, 4, 8, 16, 32] : [1, 4, 12, 16, 25, 50];
  byId("count").append(...counts.map((n) => element("option", { value: n, selected: n === (kind.view === "table" ? 8 : 12) }, String(n))));
  const usual = [10, 3, 1].find((times) => times * k <= MOST_SWEEPS) || 1;
  const ends = [1, 3, 10, 30].map((times) => element("option", { value: times * k, selected: times === usual }, times === 1 ? `k = ${k} ${word}s` : `${times} k = ${times * k}`));
  byId("until").append(...ends);
  byId("count").addEventListener("change", generate);
  byId("until").addEventListener("change", generate);
  byId("controls").addEventListener("submit", submit);
  byId("time").addEventListener("input", () => seek(Number(byId("time").value)));
  byId("play").addEventListener("click", () => {
    if (now.playing) return pause();
    if (now.frame >= now.times.length - 1) now.frame = 0;
    play(now.times.length - 1);
  });
  byId("hold-all").addEventListener("click", holdAll);
  byId("release-all").addEventListener("click", releaseAll);
  byId("copy").addEventListener("click", () => copy(byId("command").textContent));
  if (isNetwork) byId("nudge").addEventListener("change", askPath);
  setUpBrush();
  byId("files").append(...formsOf(kind).map((form) => element("button", { type: "button", "data-form": form, onclick: () => keep(form) },
    { fasta: "FASTA", csv: "CSV", vcf: "VCF", mid: "MIDI (this sample)", png: "PNG" }[form] || form)));
  if (kind.music) byId("files").append(element("button", { type: "button", id: "listen", onclick: listen }, "Play as sound"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => ((theme = themeNow()), show()));
  addEventListener("resize", () => (fit(), show()));
  worker.postMessage({ ask: "load", machine: D.machine });
}

function setUpBrush() {
  const letters = kind.letters || [], two = letters.length === 2 || kind.grey;
  const all = kind.view === "table" ? [] : letters.map((letter, code) => [String(code), letter]);
  const codes = two ? [all[all.length - 1], all[0]] : all; // of grey values the two ends
  if (two && !kind.variants) [codes[0][1], codes[1][1]] = ["on", "off"];
  now.brush = two ? codes[0][0] : "shown";
  if (!two) byId("hold-bar").classList.add("letters");
  const set = (/** @type {string} */ value) => () => (now.brush = value);
  byId("brush").append(...[["shown", "as shown"], ["release", "release"], ...codes].map(([value, text]) =>
    chip("brush", value, text, value === now.brush, set(value))));
}

/** @param {string} text */
function copy(text) {
  const done = () => say("copied");
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => select());
  else select();
  function select() { // a page that is opened from a file may not write to the clipboard
    const range = document.createRange();
    range.selectNodeContents(byId("command"));
    const selection = /** @type {Selection} */ (getSelection());
    selection.removeAllRanges();
    selection.addRange(range);
    say("the command is selected");
  }
}

setUp();

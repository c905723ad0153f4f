// @ts-check
/// <reference path="../studio_page/page.js" />
/// <reference path="../studio_page/views.js" />
/// <reference path="curves.js" />
// Follows a training: asks the server how far it is, and shows its curves and what its ages generate. The server knows
// all there is to know, so that a page that is loaded again, or a second one, shows the same.
"use strict";

/**
 * @typedef {object} About
 * @property {KindForm | null} kind
 * @property {string} why there is no kind that the page can draw
 * @property {string} run
 * @property {string} command that serves this page
 * @property {string[]} classes
 * @property {number[]} shown codes of the classes whose samples are shown
 * @property {number} each samples of one of them
 * @property {number} k
 * @property {boolean} chaotic
 */
/** @typedef {Record<string, any> & {update: number}} LogRecord */
/**
 * @typedef {object} State
 * @property {string} version of the records
 * @property {"starting" | "training" | "stopping" | "stopped" | "finished" | "failed"} state
 * @property {string} fault
 * @property {string} outlook
 * @property {boolean} judged
 * @property {number} updates
 * @property {number | null} last update that there will be; null where samples decide
 * @property {number | "auto"} rate
 * @property {number[]} ages
 * @property {Record<string, number | null>} best
 * @property {number} first
 * @property {LogRecord[]} records from the first one on that the page does not know
 */
/** @typedef {{age: number, count: number, values: string, labels: number[]}} Samples */

/** @type {About} */
const D = JSON.parse(byId("data").textContent);
const EVERY = 1000, HIDDEN = 5000, AT_ONCE = 16, HEIGHT = 210, GAP = 6, LARGEST = 64;
const WORDS = { starting: "Starting …", training: "Training", stopping: "Stopping …", stopped: "Stopped", finished: "Finished", failed: "Ended with an error" };
const SCORES = [["accuracy", "accuracy"], ["p_dd", "P_DD"], ["p_gg", "P_GG"], ["nearer", "nearer"], ["recognised", "recognised"]];
const RESIDUALS = [["residual_generate", "generating"], ["residual_joint", "joint"], ["residual_predict", "predicting"]];

const now = {
  state: /** @type {State | null} */ (null), records: /** @type {LogRecord[]} */ ([]), version: "",
  modes: /** @type {Map<number, number[]>} */ (new Map()), samples: /** @type {Map<number, Samples>} */ (new Map()),
  busy: false, ages: /** @type {[number, number]} */ ([0, 0]),
};
let theme = themeNow();

/** @param {string} text */
const say = (text) => byId("said").textContent === text || (byId("said").textContent = text);
/** @param {number} number */
const grouped = (number) => number.toLocaleString("en");

/**
 * Ask the server; an error has what it answers.
 * @param {string} what @param {object} [sent] what is to change @returns {Promise<any>}
 */
async function ask(what, sent) {
  const options = sent && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) };
  const found = await fetch(what, options).catch(() => null);
  if (!found) throw new Error(`The server has ended. Start it again: ${D.command}`);
  if (found.status === 403) throw new Error("Another server answers here now: open the address that it has printed.");
  const answer = await found.json().catch(() => ({ error: "The server ended within its answer." }));
  if (!found.ok) throw new Error(answer.error);
  return answer;
}

// ------------------------------------------------------------------------------------------------ following

async function look() {
  try {
    take(await ask(`state?version=${now.version}&known=${now.records.length}`));
    await askModes();
  } catch (error) {
    away(/** @type {Error} */ (error).message);
  }
  setTimeout(look, document.hidden ? HIDDEN : EVERY);
}

/** @param {string} reason */
function away(reason) {
  byId("state").textContent = "Not followed", byId("state").className = "away";
  showFault(reason);
  for (const id of ["stop", "resume"]) byId(id).disabled = true;
}

/** @param {string} text */
function showFault(text) {
  if (byId("fault").textContent !== text) byId("fault").textContent = text; // said once, not every second
  byId("fault").hidden = !text;
}

/** @param {State} state */
function take(state) {
  const before = now.state;
  if (state.version !== now.version) now.modes.clear(), now.samples.clear();
  now.records = [...now.records.slice(0, state.first), ...state.records];
  now.version = state.version, now.state = state;
  showState(state);
  if (!before || state.state !== before.state) say(`${WORDS[state.state]}, update ${state.updates}`);
  if (!before || state.records.length || state.ages.length !== before.ages.length || before.version !== state.version) {
    showCurves();
    showNumbers();
    showAges();
  }
  document.documentElement.dataset.updates = String(state.updates), document.documentElement.dataset.state = state.state;
}

/** @param {State} state */
function showState(state) {
  const { updates, last } = state, goes = ["starting", "training"].includes(state.state), label = byId("state");
  label.textContent = WORDS[state.state], label.className = state.state;
  byId("updates").textContent = `update ${grouped(updates)}${last === null ? "" : ` of ${grouped(last)}`}${state.state === "training" ? speed() : ""}`;
  byId("outlook").textContent = `${state.outlook}.${state.judged ? " 0.5 each is ideal: samples like real ones." : ""}`;
  if (!now.busy) showFault(state.state === "failed" ? state.fault : "");
  byId("stop").disabled = !goes || now.busy;
  byId("resume").textContent = goes ? "Change the rate" : "Resume";
  byId("resume").disabled = !(goes || ["stopped", "failed"].includes(state.state)) || now.busy;
  byId("rate").placeholder = String(state.rate), byId("rate").disabled = state.state === "finished";
  const record = [...now.records].reverse().find((it) => it.rate !== undefined);
  const text = record ? `now ${Number(record.rate.toPrecision(3))}; it goes on from this update with another` : "";
  byId("about-rate").textContent = state.state === "finished" ? `more of it: ${D.command} --resume --updates N` : text;
  document.title = `${goes ? "▶ " : ""}${grouped(updates)}: ${D.run}: studio`;
}

/** Updates in a second, by the last records. */
function speed() {
  const [one, two] = [now.records[Math.max(0, now.records.length - 6)], now.records[now.records.length - 1]];
  return one && two && two.seconds > one.seconds ? `, ${Number(((two.update - one.update) / (two.seconds - one.seconds)).toPrecision(2))} a second` : "";
}

/** @param {string} what @param {object} sent */
async function change(what, sent) {
  now.busy = true;
  for (const id of ["stop", "resume"]) byId(id).disabled = true;
  showFault("");
  try {
    take(await ask(`${what}?version=${now.version}&known=${now.records.length}`, sent));
    now.busy = false;
    if (now.state) showState(now.state);
  } catch (error) {
    now.busy = false;
    if (now.state) showState(now.state);
    showFault(/** @type {Error} */ (error).message);
    now.busy = true; // the reason stays until something else is done
    setTimeout(() => (now.busy = false), 4 * EVERY);
  }
}

/** @param {Event} event */
function submit(event) {
  event.preventDefault();
  const text = byId("rate").value.trim().replace(",", "."), rate = text === "" ? null : text === "auto" ? text : Number(text);
  const good = rate === null || rate === "auto" || (Number.isFinite(rate) && Number(rate) > 0);
  byId("rate").setAttribute("aria-invalid", String(!good));
  if (!good) return showFault("The learning rate is a number above 0, or auto.");
  if (rate === null && now.state && ["starting", "training"].includes(now.state.state)) return byId("rate").focus();
  byId("rate").value = "";
  change("resume", { rate });
}

// ------------------------------------------------------------------------------------------------ curves

/** @param {string} key @param {string} name @param {string} colour @param {number[]} dash @returns {Series} */
const seriesOf = (key, name, colour, dash) =>
  ({ name, colour, dash, points: now.records.filter((it) => typeof it[key] === "number").map((it) => [it.update, it[key]]) });

/** @returns {{id: string, title: string, about: string, curves: Curves}[]} */
function charts() {
  const marks = now.records.filter((it) => "set_back_to" in it).map((it) => it.update), ages = [...now.modes.keys()].sort((a, b) => a - b);
  const rank = (/** @type {number} */ i) => ({ name: i === 0 ? "largest" : "", colour: i ? mixed(theme.blue, theme.box, 1 - 0.07 * i) : theme.blue,
    dash: [], points: /** @type {[number, number][]} */ (ages.filter((age) => (now.modes.get(age) || []).length > i).map((age) => [age, (now.modes.get(age) || [])[i]])) });
  return [
    { id: "accuracy", title: "Labels of held-out samples that are right", about: D.chaotic ? "" : "recognised: labels of generated samples that a classifier of real ones finds", curves: { log: false, guide: null, marks,
      series: [seriesOf("accuracy", "accuracy", theme.blue, []), seriesOf("recognised", "recognised", theme.good, [6, 3])] } },
    { id: "told-apart", title: "Generated against held-out samples", about: "0.5 is ideal; above it, P_DD says that samples miss what data have, nearer that they copy", curves: { log: false, guide: 0.5, marks,
      series: [seriesOf("p_dd", "P_DD", theme.blue, []), seriesOf("p_gg", "P_GG", theme.hold, [6, 3]), seriesOf("nearer", "nearer", theme.soft, [2, 2])] } },
    { id: "residuals", title: "Residuals: data minus model", about: "", curves: { log: true, guide: null, marks,
      series: RESIDUALS.map(([key, name], i) => seriesOf(key, name, i === 2 ? theme.hold : theme.blue, i === 2 ? [6, 3] : [])) } },
    { id: "modes", title: D.chaotic ? "Modes of the couplings" : "Modes of W", about: "singular values of each age: features leave the noise one after the other", curves: { log: true, guide: null, marks,
      series: Array.from({ length: 10 }, (_, i) => rank(i)) } },
  ];
}

function showCurves() {
  byId("early").hidden = now.records.length > 0;
  byId("marks").hidden = !now.records.some((it) => "set_back_to" in it);
  for (const { id, title, about, curves } of charts()) {
    const some = curves.series.filter((each) => each.points.length);
    let box = byId(`chart-${id}`);
    if (!box && some.length) {
      box = element("div", { id: `chart-${id}`, class: "chart" }, element("h3", {}, title), element("canvas", { role: "img" }), element("p", { class: "soft" }, about));
      byId("charts").append(box);
    }
    if (!some.length) continue;
    const canvas = box.children[1], last = some.filter((each) => each.name).map(({ name, points }) => `${name} ${brief(points[points.length - 1][1])}`);
    canvas.setAttribute("aria-label", `${title} against updates. Last: ${last.join(", ")}`);
    drawCurves(canvas, curves, theme, box.clientWidth, HEIGHT);
  }
}

async function askModes() {
  const missing = (now.state ? now.state.ages : []).filter((age) => !now.modes.has(age)).slice(-AT_ONCE);
  if (!missing.length) return;
  const version = now.version, found = await ask(`modes?ages=${missing.join(",")}`);
  if (version !== now.version) return;
  for (const [age, values] of Object.entries(found)) now.modes.set(Number(age), values);
  showCurves();
}

function showNumbers() {
  const ages = new Set(now.state ? now.state.ages : []), judged = now.records.some((it) => "p_dd" in it);
  const rows = now.records.filter((it, i) => (judged ? "p_dd" in it : ages.has(it.update)) || i === now.records.length - 1).reverse();
  const columns = [...SCORES, ...RESIDUALS, ["rate", "rate"]].filter(([key]) => rows.some((it) => typeof it[key] === "number"));
  const cell = (/** @type {any} */ value) => (typeof value === "number" ? String(Number(value.toPrecision(3))) : "");
  const head = ["update", ...columns.map(([, name]) => name), ""].map((name) => element("th", { scope: "col" }, name));
  byId("numbers").replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows.map((it) =>
    element("tr", {}, element("th", { scope: "row" }, grouped(it.update)), ...columns.map(([key]) => element("td", { class: "n" }, cell(it[key]))),
      element("td", {}, "set_back_to" in it ? `back to age ${it.set_back_to}: ${it.because}` : ""))))));
}

// ------------------------------------------------------------------------------------------------ ages

/** @param {number} i */
function setUpShelf(i) {
  const slider = element("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": i ? "The other age" : "Age",
    oninput: () => choose(i, Number(slider.value)) });
  byId(`shelf-${i}`).append(element("div", { class: "time" }, slider, element("output", {})), element("p", { class: "soft scores-of" }), element("div", { class: "rows" }));
}

/** @param {number} i @param {number} place of an age */
function choose(i, place) {
  const ages = now.state ? now.state.ages : [];
  now.ages[i] = ages[place];
  if (i === 0) byId("follow").checked = place === ages.length - 1;
  showShelf(i);
}

function showAges() {
  const ages = now.state ? now.state.ages : [];
  if (!ages.length) return;
  if (byId("follow").checked || !ages.includes(now.ages[0])) now.ages[0] = ages[ages.length - 1];
  if (!ages.includes(now.ages[1])) now.ages[1] = ages[Math.floor((ages.length - 1) / 2)];
  showShelf(0);
  if (byId("beside").checked) showShelf(1);
  const select = byId("machine-age"), chosen = select.value, best = now.state && now.state.best.generate;
  select.replaceChildren(...[...ages].reverse().map((age) => element("option", { value: age }, `${grouped(age)}${age === best ? " (best to generate)" : ""}`)));
  select.value = ages.includes(Number(chosen)) && select.dataset.chosen ? chosen : String(best || ages[ages.length - 1]);
  byId("tab").href = `machine/${select.value}`;
}

/** @param {number} i */
async function showShelf(i) {
  const shelf = byId(`shelf-${i}`), ages = now.state ? now.state.ages : [], age = now.ages[i], [slider, output] = shelf.firstElementChild.children;
  if (!age) return;
  slider.max = ages.length - 1, slider.value = ages.indexOf(age), output.textContent = `age ${grouped(age)}`;
  slider.setAttribute("aria-valuetext", `age ${age}`);
  const record = now.records.find((it) => it.update === age);
  const told = SCORES.filter(([key]) => record && typeof record[key] === "number").map(([key, name]) => `${name} ${Number((record || {})[key].toPrecision(3))}`);
  shelf.children[1].textContent = told.join(", ") || "not compared with held-out samples";
  if (!D.kind) return (shelf.children[2].textContent = D.why);
  try {
    if (!now.samples.has(age)) now.samples.set(age, await ask(`samples/${age}`));
  } catch (error) {
    return (shelf.children[2].textContent = /** @type {Error} */ (error).message);
  }
  if (now.ages[i] !== age) return;
  showSamples(shelf.children[2], /** @type {Samples} */ (now.samples.get(age)));
  document.documentElement.dataset.ready = "1";
}

/** @param {HTMLElement} box @param {Samples} samples */
function showSamples(box, samples) {
  const kind = /** @type {KindForm} */ (D.kind), bytes = Uint8Array.from(atob(samples.values), (letter) => letter.charCodeAt(0));
  const rows = Array.from({ length: samples.count }, (_, n) => bytes.subarray(n * kind.sites, (n + 1) * kind.sites));
  const groups = D.shown.length ? D.shown.map((code) => ({ name: D.classes[code], rows: rows.filter((_, n) => samples.labels[n] === code) })) : [{ name: "", rows }];
  if (kind.view === "table") return showTable(box, kind, groups);
  box.className = `rows ${isStrip(kind) ? "strips" : "pictures"}`;
  if (!box.firstElementChild) box.replaceChildren(...groups.map(({ name }) => element("div", { class: "row" }, element("span", { class: "name", title: name }, name), element("div", {}, element("canvas", { role: "img" })))));
  groups.forEach((group, n) => {
    const holder = box.children[n].children[1], canvas = holder.firstElementChild;
    canvas.setAttribute("aria-label", `${group.rows.length} samples${group.name ? ` of ${group.name}` : ""} at age ${samples.age}`);
    drawGroup(canvas, kind, group.rows, holder.clientWidth);
  });
}

/** @param {HTMLCanvasElement} canvas @param {KindForm} kind @param {Uint8Array[]} rows @param {number} room */
function drawGroup(canvas, kind, rows, room) {
  const strip = isStrip(kind), across = strip ? 1 : Math.min(rows.length, Math.max(D.shown.length ? D.each : 1, Math.floor(room / (LARGEST + GAP))));
  const one = smallLayout(kind, strip ? room : Math.min(LARGEST, Math.floor(room / across) - GAP)), lines = Math.ceil(rows.length / across);
  const wide = Math.ceil(one.width) + (strip ? 0 : GAP), high = one.height + (strip ? 2 : GAP);
  const context = prepared(canvas, /** @type {Layout} */ ({ width: wide * across, height: high * lines }));
  rows.forEach((row, n) => {
    context.save();
    context.translate((n % across) * wide, Math.floor(n / across) * high);
    drawSample(context, kind, one, row, theme, { mask: null, cursor: -1 });
    context.restore();
  });
}

/** @param {HTMLElement} box @param {KindForm} kind @param {{name: string, rows: Uint8Array[]}[]} groups */
function showTable(box, kind, groups) {
  const columns = kind.columns || [], named = D.shown.length > 0;
  const head = [...(named ? [kind.labelColumn] : []), ...columns.map((it) => it.name)].map((name) => element("th", { scope: "col" }, name));
  const lines = groups.flatMap(({ name, rows }) => rows.map((row) => element("tr", {}, ...(named ? [element("th", { scope: "row" }, name)] : []),
    ...columns.map((column, site) => element("td", {}, column.texts[row[site]] || "–")))));
  box.className = "rows";
  box.replaceChildren(element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Samples" },
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines))));
}

// ------------------------------------------------------------------------------------------------ setting up

function openMachine() {
  const age = byId("machine-age").value;
  byId("frame").replaceChildren(element("iframe", { src: `machine/${age}`, title: `The machine of age ${age}` }));
}

function showAll() {
  theme = themeNow();
  showCurves();
  showAges();
}

setUpShelf(0);
setUpShelf(1);
byId("control").addEventListener("submit", submit);
byId("stop").addEventListener("click", () => change("stop", {}));
byId("follow").addEventListener("change", showAges);
byId("beside").addEventListener("change", () => {
  byId("shelf-1").hidden = !byId("beside").checked;
  byId("shelves").classList.toggle("two", byId("beside").checked);
  showAges();
});
byId("machine-age").addEventListener("change", () => {
  byId("machine-age").dataset.chosen = "yes";
  byId("tab").href = `machine/${byId("machine-age").value}`;
});
byId("open").addEventListener("click", openMachine);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
addEventListener("resize", showAll);
document.addEventListener("visibilitychange", () => document.hidden || showAll());
look();

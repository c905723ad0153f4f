"use strict";
if (self !== top) document.documentElement.classList.add("inside");  // of a report, which has a title and scrolls
const view = document.getElementById("view"), tip = document.getElementById("tip"), by = id => document.getElementById(id);
const M = T.parent.length, N = T.order.length, GREY = "#9A9A9A", PURE = 0.9, STRIP = 12, BOTTOM = 26;
const TOP = T.strips.length ? 12 + 6 * Math.min(14, Math.max(...T.strips.map(it => it.name.length))) : 0;  // headings of strips
const pitchOf = () => (view.clientHeight - BOTTOM - TOP) / rows * scale;
const escaped = s => String(s).replace(/[&<>"']/g, c => "&#" + c.charCodeAt(0) + ";");
const own = Array.from({length: M}, () => []);          // leaves right below a node, in order
T.order.forEach(leaf => own[T.leaves[leaf]].push(leaf));
const shut = new Set();                                   // nodes that are collapsed
let top0 = 0, scale = 1, rows = 0, depth = "age", colour = -1, found = new Set(), nodeY = [], items = [];

const counts = T.strips.map(strip => {                    // leaves of each category below each node
  if (strip.numeric) return null;
  const table = Array.from({length: M}, () => new Map());
  strip.codes.forEach((code, leaf) => { if (code >= 0) table[T.leaves[leaf]].set(code, (table[T.leaves[leaf]].get(code) || 0) + 1); });
  for (let node = 0; node < M - 1; node++) for (const [code, n] of table[node]) {
    const above = table[T.parent[node]]; above.set(code, (above.get(code) || 0) + n);
  }
  return table;
});
const ranked = (strip, node) => [...counts[strip][node]].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
function shade(node, pure) {
  if (colour < 0) return GREY;
  const best = ranked(colour, node), total = best.reduce((sum, it) => sum + it[1], 0);
  return total && best[0][1] >= (pure ? PURE : 0) * total ? T.strips[colour].legend[best[0][0]][1] : GREY;
}
function leafColour(strip, leaf) {
  const it = T.strips[strip];
  return it.numeric ? it.colours[leaf] : it.codes[leaf] < 0 ? GREY : it.legend[it.codes[leaf]][1];
}

// Rows from top to bottom: a leaf takes one, a collapsed node a few.
function arrange() {
  items = []; rows = 0; nodeY = new Array(M);
  const least = Math.max(1, N / 60), stack = [[M - 1, false]];
  while (stack.length) {
    const [node, done] = stack.pop();
    if (done) {
      const ends = T.children[node].map(it => nodeY[it]);
      if (ends.length) nodeY[node] = (ends[0] + ends[ends.length - 1]) / 2;
    } else if (shut.has(node)) {
      const height = Math.min(T.size[node], least + T.size[node] / 12);
      items.push({node, y: rows, height}); nodeY[node] = rows + height / 2; rows += height;
    } else {
      const first = rows;
      own[node].forEach(leaf => { items.push({leaf, y: rows, height: 1}); rows += 1; });
      if (own[node].length) nodeY[node] = (first + rows) / 2;
      stack.push([node, true]);
      [...T.children[node]].reverse().forEach(it => stack.push([it, false]));
    }
  }
}

function draw() {
  const W = view.clientWidth, H = view.clientHeight, pitch = pitchOf();
  const named = pitch >= 8, beyond = 14 + T.strips.length * (STRIP + 3) + (named ? 170 : shut.size ? 90 : 10), wide = Math.max(80, W - 24 - beyond);
  const X = x => 14 + x * wide, Y = y => TOP + (y - top0) * pitch, hidden = new Set(), out = [], dots = [];
  const [nodeX, leafX] = T.x[depth];
  const line = (x1, y1, x2, y2, c, w) => out.push(`<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="${c}" stroke-width="${w}"/>`);
  for (let node = M - 1; node >= 0; node--) if (T.parent[node] >= 0 && (shut.has(T.parent[node]) || hidden.has(T.parent[node]))) hidden.add(node);
  let last = -1;
  for (const it of items) {
    const y = Y(it.y + it.height / 2);
    if (Y(it.y + it.height) < -20 || Y(it.y) > H) continue;
    if (it.node !== undefined) {
      const half = Math.max(2, it.height * pitch * 0.4), x = X(nodeX[it.node]), end = X(1);
      dots.push(`<path class="shut" data-node="${it.node}" fill="${shade(it.node, false)}" d="M${x} ${y}L${end} ${y - half}L${end} ${y + half}Z"/>`);
      if (half > 5) dots.push(`<text x="${end + 6}" y="${y + 4}">${escaped(T.nodes[it.node])}: ${T.size[it.node]}</text>`);
      continue;
    }
    const row = Math.floor(y);
    if (row === last) continue;                           // as many leaves as pixels are enough
    last = row;
    line(X(nodeX[T.leaves[it.leaf]]), y, X(leafX[it.leaf]), y, found.has(it.leaf) ? "#C0392B" : colour < 0 ? GREY : leafColour(colour, it.leaf), pitch < 1 ? 1.1 : Math.min(1.2, Math.max(.5, pitch / 3)));
    T.strips.forEach((_, s) => out.push(`<rect x="${X(1) + 6 + s * (STRIP + 3)}" y="${(y - Math.max(1, pitch) / 2).toFixed(1)}" width="${STRIP}" height="${Math.max(1.1, pitch + .3).toFixed(1)}" fill="${leafColour(s, it.leaf)}"/>`));
    if (named) out.push(`<text class="${found.has(it.leaf) ? "found" : ""}" x="${X(1) + 10 + T.strips.length * (STRIP + 3)}" y="${y + 4}">${escaped(T.names[it.leaf].slice(0, 26))}</text>`);
  }
  for (let node = 0; node < M; node++) {
    if (hidden.has(node)) continue;
    const x = X(nodeX[node]), y = Y(nodeY[node]), up = T.parent[node];
    line(up >= 0 ? X(nodeX[up]) : x - 8, y, x, y, shade(node, true), 1.3);
    if (shut.has(node)) continue;
    const ends = T.children[node].map(it => Y(nodeY[it]));
    if (own[node].length) ends.push(Y(nodeY[node] - own[node].length / 2), Y(nodeY[node] + own[node].length / 2));
    line(x, Math.min(...ends), x, Math.max(...ends), shade(node, true), 1.3);
    if (y > -10 && y < H) dots.push(`<circle class="dot" data-node="${node}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(2 + 5 * Math.sqrt(T.size[node] / N)).toFixed(1)}"/>`);
  }
  view.innerHTML = `<g fill="none">${out.filter(s => s[1] === "p").join("")}</g><g>${out.filter(s => s[1] !== "p").join("")}</g>${dots.join("")}${headings(X)}${axis(X, H)}`;
}
function headings(X) {
  const name = (it, s) => { const x = X(1) + 15 + s * (STRIP + 3); return `<text x="${x}" y="${TOP - 5}" transform="rotate(-90 ${x} ${TOP - 5})">${escaped(it.name.slice(0, 14))}</text>`; };
  return TOP ? `<rect x="0" y="0" width="100%" height="${TOP - 2}" fill="var(--paper)"/>` + T.strips.map(name).join("") : "";
}
function axis(X, H) {
  if (depth !== "age") return "";
  let end = -Infinity;                                    // of the last number: none covers another
  const [low, high] = T.limits, spread = Math.max(Math.log10(high / low), 1e-9), marks = [];
  for (let p = 0; p < 9; p++) for (const s of [1, 2, 5]) { const age = s * 10 ** p; if (age >= low && age <= high) marks.push(age); }
  return `<rect x="0" y="${H - 22}" width="100%" height="22" fill="var(--paper)" opacity=".85"/>` + `<text x="${X(1) + 6}" y="${H - 6}">age</text>` + marks.map(age => {
    const x = X(0.95 * Math.log10(age / low) / spread), half = 3.5 * String(age).length;
    if (x - half < end) return "";
    end = x + half + 6;
    return `<text x="${x}" y="${H - 6}" text-anchor="middle">${age}</text>`;
  }).join("");
}

function describeNode(node) {
  const lines = [`${T.nodes[node]}: ${T.size[node]} leaves`, T.age[node] > 0 ? `one fixed point from age ${T.age[node]} down` : "joins branches that never merged", `branch ${T.length[node]}`];
  T.strips.forEach((strip, s) => { if (!strip.numeric) lines.push(`${strip.name}: ` + ranked(s, node).slice(0, 5).map(([c, n]) => `${strip.legend[c][0]} ${n}`).join(", ")); });
  return lines.join("\n");
}
function describeLeaf(leaf) {
  const lines = [T.names[leaf], `in ${T.nodes[T.leaves[leaf]]}`];
  T.strips.forEach(it => lines.push(`${it.name}: ` + (it.numeric || it.values.length ? it.values[leaf] ?? "unknown" : it.codes[leaf] < 0 ? "unknown" : it.legend[it.codes[leaf]][0])));
  return lines.join("\n");
}
const rowOf = y => (y - view.getBoundingClientRect().top - TOP) / pitchOf() + top0;
const rowAt = event => rowOf(event.clientY);
function zoom(factor, row) {
  const next = Math.min(Math.max(scale * factor, 1), Math.max(1, rows / 4));
  top0 = row - (row - top0) * scale / next; scale = next; clamp(); draw();
}
function clamp() { top0 = Math.min(Math.max(top0, 0), rows - rows / scale); }
function refresh() { arrange(); scale = Math.min(scale, Math.max(1, rows / 4)); clamp(); draw(); }

let grip = null, moved = false;
const fingers = new Map();                                // where they are: two of them zoom
const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
view.addEventListener("wheel", e => {
  if (self !== top && !e.ctrlKey) return;                 // the page around it scrolls
  e.preventDefault(); zoom(e.deltaY < 0 ? 1.25 : 0.8, rowAt(e)); }, {passive: false});
view.addEventListener("pointerdown", e => { fingers.set(e.pointerId, {x: e.clientX, y: e.clientY}); grip = e.clientY; moved = false; });
["pointerup", "pointercancel"].forEach(kind => addEventListener(kind, e => { fingers.delete(e.pointerId); grip = null; }));
view.addEventListener("pointermove", e => {
  if (fingers.size === 2 && fingers.has(e.pointerId)) {
    const before = spread();
    fingers.set(e.pointerId, {x: e.clientX, y: e.clientY}); moved = true;
    const [a, b] = [...fingers.values()];
    if (before > 0) zoom(spread() / before, rowOf((a.y + b.y) / 2));
    return;
  }
  if (fingers.has(e.pointerId)) fingers.set(e.pointerId, {x: e.clientX, y: e.clientY});
  if (grip !== null) {
    if (Math.abs(e.clientY - grip) > 3) moved = true;
    if (moved) { top0 -= (e.clientY - grip) / pitchOf(); grip = e.clientY; clamp(); draw(); }
    return;
  }
  const node = e.target.dataset && e.target.dataset.node, row = rowAt(e);
  const item = node !== undefined ? null : items.find(it => row >= it.y && row < it.y + it.height);
  const text = node !== undefined ? describeNode(+node) : item && item.leaf !== undefined && e.target !== view ? describeLeaf(item.leaf) : "";
  tip.textContent = text; tip.style.display = text ? "block" : "none";
  tip.style.left = Math.min(e.clientX + 14, innerWidth - 360) + "px"; tip.style.top = Math.min(e.clientY + 12, innerHeight - 120) + "px";
});
view.addEventListener("pointerleave", () => { tip.style.display = "none"; });
view.addEventListener("click", e => {
  const node = e.target.dataset && e.target.dataset.node;
  if (moved || node === undefined) return;
  shut.has(+node) ? shut.delete(+node) : shut.add(+node); refresh();
});
const middle = () => top0 + rows / scale / 2;
by("in").onclick = () => zoom(1.5, middle());
by("out").onclick = () => zoom(1 / 1.5, middle());
by("all").onclick = () => { scale = 1; top0 = 0; draw(); };
by("shut").onclick = () => { own.forEach((leaves, node) => { if (leaves.length > 1) shut.add(node); }); refresh(); };
by("open").onclick = () => { shut.clear(); refresh(); };
by("save").onclick = () => {
  const copy = view.cloneNode(true), style = getComputedStyle(document.documentElement), file = document.createElement("a");
  copy.setAttribute("xmlns", view.namespaceURI); copy.setAttribute("width", view.clientWidth); copy.setAttribute("height", view.clientHeight);
  const rules = "text{font:11px system-ui,sans-serif;fill:var(--ink)}.dot{fill:var(--paper);stroke:var(--ink)}.shut{stroke:var(--ink);stroke-width:.7}.found{fill:var(--bad);font-weight:700}";
  const plain = text => text.replace(/var\((--\w+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const drawing = plain(new XMLSerializer().serializeToString(copy)).replace(">", `><style>${plain(rules)}</style><rect width="100%" height="100%" fill="${style.getPropertyValue("--paper").trim()}"/>`);
  file.href = URL.createObjectURL(new Blob([drawing], {type: "image/svg+xml"})); file.download = "tree.svg"; file.click();
};
by("depth").onchange = e => { depth = e.target.value; draw(); };
by("colour").onchange = e => { colour = +e.target.value; draw(); };
by("search").oninput = e => {
  const text = e.target.value.toLowerCase();
  found = new Set(text ? T.names.flatMap((name, leaf) => name.toLowerCase().includes(text) ? [leaf] : []) : []);
  by("hits").textContent = text ? `${found.size} found` : "";
  if (found.size) {
    const [leaf] = found; let node = T.leaves[leaf];
    while (node >= 0) { shut.delete(node); node = T.parent[node]; }
    arrange();
    scale = Math.max(1, rows / 40); top0 = items.find(it => it.leaf === leaf).y - rows / scale / 2; clamp();
  }
  draw();
};
by("colour").innerHTML = '<option value="-1">grey</option>' + T.strips.map((s, i) => s.numeric ? "" : `<option value="${i}">${escaped(s.name)}</option>`).join("");
colour = T.strips.findIndex(s => !s.numeric); by("colour").value = colour;
by("legends").innerHTML = T.strips.map(s => `<div><b>${escaped(s.name)}</b>` + s.legend.map(([name, c]) => `<span><i style="background:${c}"></i>${escaped(name)}</span>`).join("") + "</div>").join("");
addEventListener("resize", draw);
arrange(); draw();

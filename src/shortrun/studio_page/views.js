// @ts-check
// How samples are drawn: where each site is, and in which colour.
"use strict";

/**
 * @typedef {object} ColumnForm
 * @property {string} name
 * @property {string[]} texts what stands for each code
 * @property {string[]} spans what a person reads for each code
 */
/**
 * @typedef {object} KindForm
 * @property {"image" | "music" | "sequence" | "genotypes" | "sites" | "table"} view
 * @property {number} sites
 * @property {string[]} names of the sites
 * @property {string} labelColumn
 * @property {ColumnForm[]} [columns]
 * @property {string[]} [letters]
 * @property {string} [alphabet]
 * @property {boolean} [grey] whether codes are grey values
 * @property {number[]} [shape] height and width of images
 * @property {string[][]} [variants] chromosome, position, id, ref, alt
 * @property {{frames: number, keys: number, perBeat: number, timeBin: string, tempo: Record<string, number>}} [music]
 */
/**
 * Where sites are: cells of a grid, with texts at the left of its rows.
 * @typedef {object} Layout
 * @property {Int32Array} col
 * @property {Int32Array} row
 * @property {Int32Array} at site of each cell by rows, -1 for none
 * @property {number} cols
 * @property {number} rows
 * @property {number} cellWidth
 * @property {number} cellHeight
 * @property {number} margin at the left, for texts
 * @property {number} width
 * @property {number} height
 * @property {boolean} letters whether letters are written
 * @property {number} gap between cells
 * @property {string[]} texts of the rows
 */
/** @typedef {Record<string, string>} Theme */

const LETTERS = { protein: { h: "AVILMFWC", p: "STNQYHG", k: "KR", d: "DE", o: "P" },
  nucleotides: { h: "A", p: "C", k: "G", d: "TU" } };
const BLACK = [1, 4, 6, 9, 11]; // keys of an octave from A

/**
 * @param {number} sites
 * @param {(site: number) => [number, number]} cell column and row of a site
 * @param {Partial<Layout> & {cellWidth: number, cellHeight: number}} more
 * @returns {Layout}
 */
function grid(sites, cell, more) {
  const col = new Int32Array(sites), row = new Int32Array(sites);
  let cols = 0, rows = 0;
  for (let site = 0; site < sites; site++) {
    [col[site], row[site]] = cell(site);
    cols = Math.max(cols, col[site] + 1), rows = Math.max(rows, row[site] + 1);
  }
  const at = new Int32Array(cols * rows).fill(-1);
  for (let site = 0; site < sites; site++) at[row[site] * cols + col[site]] = site;
  const { margin = 0, letters = false, gap = 0, texts = [] } = more;
  const width = margin + cols * more.cellWidth, height = rows * more.cellHeight;
  return { col, row, at, cols, rows, margin, letters, gap, texts, width, height,
    cellWidth: more.cellWidth, cellHeight: more.cellHeight };
}

/**
 * The layout of one sample, large.
 * @param {KindForm} kind
 * @param {number} width that there is
 * @returns {Layout}
 */
function layoutOf(kind, width) {
  if (kind.shape) {
    const [, columns] = kind.shape, cell = Math.max(2, Math.floor(Math.min(width, 432) / columns));
    return grid(kind.sites, (s) => [s % columns, Math.floor(s / columns)],
      { cellWidth: cell, cellHeight: cell, gap: cell > 8 ? 1 : 0 });
  }
  if (kind.music) {
    const { frames, keys } = kind.music, margin = 34;
    const cell = Math.max(3, Math.min(40, Math.floor((width - margin) / frames)));
    const texts = Array.from({ length: keys }, (_, row) => (row > 0 && (keys - 1 - row) % 12 === 3 ? `C${(keys - 4 - row) / 12 + 1}` : ""));
    return grid(kind.sites, (s) => [Math.floor(s / keys), keys - 1 - (s % keys)],
      { cellWidth: cell, cellHeight: 6, margin, texts, gap: 1 });
  }
  if (kind.variants) return chromosomes(kind, kind.variants, width);
  if (kind.view === "sites") return wrapped(kind.sites, Math.ceil(Math.sqrt(2 * kind.sites)), width, 4, 24, false);
  return wrapped(kind.sites, 60, width, 19, 24, true);
}

/** @param {number} sites @param {number} most @param {number} width @param {number} low @param {number} high @param {boolean} letters @returns {Layout} */
function wrapped(sites, most, width, low, high, letters) {
  const margin = 36, room = width - margin;
  let cols = Math.min(sites, most, Math.max(5, Math.floor(room / low)));
  if (cols < sites && cols > 10) cols -= cols % 10;
  const cell = Math.max(low, Math.min(high, Math.floor(room / cols))), rows = Math.ceil(sites / cols);
  const texts = Array.from({ length: rows }, (_, row) => String(row * cols + 1));
  return grid(sites, (s) => [s % cols, Math.floor(s / cols)],
    { cellWidth: cell, cellHeight: letters ? 28 : cell, margin, letters, gap: letters ? 2 : 1, texts });
}

/** @param {KindForm} kind @param {string[][]} variants @param {number} width @returns {Layout} */
function chromosomes(kind, variants, width) {
  /** @type {Map<string, number>} */
  const count = new Map();
  const within = variants.map(([chromosome]) => {
    const place = count.get(chromosome) || 0;
    count.set(chromosome, place + 1);
    return place;
  });
  const margin = 36, longest = Math.max(...count.values()), low = 6;
  const cols = Math.min(longest, Math.floor((width - margin) / low));
  const cell = Math.max(low, Math.min(20, Math.floor((width - margin) / cols)));
  /** @type {Map<string, number>} */
  const first = new Map();
  /** @type {string[]} */
  const texts = [];
  for (const [chromosome, sites] of count) {
    first.set(chromosome, texts.length);
    for (let row = 0; row < Math.ceil(sites / cols); row++) texts.push(row ? "" : chromosome);
  }
  return grid(kind.sites,
    (s) => [within[s] % cols, (first.get(variants[s][0]) || 0) + Math.floor(within[s] / cols)],
    { cellWidth: cell, cellHeight: 18, margin, texts, gap: 1 });
}

/** Whether samples side by side are strips, one above the other. @param {KindForm} kind */
const isStrip = (kind) => !kind.shape && !kind.music;

/**
 * The layout of one of several samples.
 * @param {KindForm} kind
 * @param {number} width that there is
 * @param {number} [scale] of heights
 * @returns {Layout}
 */
function smallLayout(kind, width, scale = 1) {
  if (kind.shape) {
    const columns = kind.shape[1], cell = Math.max(1, Math.floor(width / columns));
    return grid(kind.sites, (s) => [s % columns, Math.floor(s / columns)], { cellWidth: cell, cellHeight: cell });
  }
  if (kind.music) {
    const { frames, keys } = kind.music, cell = Math.max(1, Math.floor(width / frames));
    return grid(kind.sites, (s) => [Math.floor(s / keys), keys - 1 - (s % keys)], { cellWidth: cell, cellHeight: scale });
  }
  return grid(kind.sites, (s) => [s, 0], { cellWidth: width / kind.sites, cellHeight: 18 * scale });
}

/**
 * The background and the colour of the letter of each code.
 * @param {KindForm} kind
 * @param {number} colours
 * @param {Theme} theme
 * @returns {{back: string[], ink: string[]}}
 */
function coloursOf(kind, colours, theme) {
  const letters = kind.letters || [], back = [], ink = [];
  const nucleotides = kind.alphabet === "dna" || kind.alphabet === "rna";
  const groups = nucleotides ? LETTERS.nucleotides : kind.alphabet === "protein" ? LETTERS.protein : null;
  for (let code = 0; code < colours; code++) {
    const found = groups && Object.entries(groups).find(([, some]) => some.includes(letters[code]));
    if (groups) {
      back.push(found ? mixed(theme[found[0]], theme.box, Number(theme.tint)) : theme.cell);
      ink.push(found ? theme.ink : theme.soft);
    } else if (kind.view === "sequence" && colours > 2) {
      back.push(mixed(theme[["h", "p", "k", "d", "o"][code % 5]], theme.box, 0.2 + 0.5 * Math.floor(code / 5) / Math.ceil(colours / 5)));
      ink.push(theme.ink);
    } else {
      back.push(mixed(theme.ink, theme.cell, code / Math.max(1, colours - 1)));
      ink.push(code * 2 > colours ? theme.box : theme.ink);
    }
  }
  return { back, ink };
}

/** @param {string} hex @returns {number[]} */
const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** A share of one colour in another; both as #rrggbb. @param {string} one @param {string} other @param {number} share */
function mixed(one, other, share) {
  const a = parts(one), b = parts(other);
  return `rgb(${a.map((x, i) => Math.round(share * x + (1 - share) * b[i])).join(",")})`;
}

/**
 * Make a canvas as large as a layout, sharp on every screen; returns what to draw with.
 * @param {HTMLCanvasElement} canvas
 * @param {Layout} layout
 * @param {number} [ratio] pixels a unit
 * @returns {CanvasRenderingContext2D}
 */
function prepared(canvas, layout, ratio = globalThis.devicePixelRatio || 1) {
  canvas.width = Math.round(layout.width * ratio), canvas.height = Math.round(layout.height * ratio);
  canvas.style.width = `${layout.width}px`, canvas.style.height = `${layout.height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  context.clearRect(0, 0, layout.width, layout.height);
  return context;
}

/**
 * @typedef {object} Drawn
 * @property {Uint8Array | null} mask sites that are held
 * @property {number} cursor site with the cursor, -1 for none
 */

/**
 * Draw a sample.
 * @param {CanvasRenderingContext2D} context
 * @param {KindForm} kind
 * @param {Layout} layout
 * @param {Uint8Array} values
 * @param {Theme} theme
 * @param {Drawn} more
 */
function drawSample(context, kind, layout, values, theme, { mask, cursor }) {
  const colours = (kind.letters || []).length, { back, ink } = coloursOf(kind, colours, theme);
  const { cellWidth: w, cellHeight: h, gap, margin } = layout;
  const rowGap = layout.texts.length && !kind.music ? Math.min(4, h / 4) : gap;
  context.textAlign = "center", context.textBaseline = "middle";
  for (let site = 0; site < values.length; site++) {
    const code = values[site], x = margin + layout.col[site] * w, y = layout.row[site] * h;
    const held = mask !== null && mask[site] === 1;
    const blackKey = kind.music && BLACK.includes((site % kind.music.keys) % 12);
    const plain = blackKey && !code ? theme.black : back[code];
    context.fillStyle = held ? mixed(theme.hold, theme.box, colours > 2 && !kind.grey ? 0.3 : 0.22 + (0.78 * code) / (colours - 1)) : plain;
    context.fillRect(x, y, w - gap, h - rowGap);
    if (layout.letters) {
      context.fillStyle = held ? theme.ink : ink[code];
      context.font = `${held ? 700 : 500} 15px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace`;
      context.fillText((kind.letters || [])[code], x + (w - gap) / 2, y + (h - rowGap) / 2 + 1);
      if (held) outline(context, x + 1, y + 1, w - gap - 2, h - rowGap - 2, theme.hold, 2);
    }
  }
  context.fillStyle = theme.soft, context.textAlign = "right";
  context.font = "11px system-ui, sans-serif";
  layout.texts.forEach((text, row) => context.fillText(text, margin - 8, row * h + (h - rowGap) / 2 + 1));
  if (cursor >= 0) {
    const x = margin + layout.col[cursor] * w, y = layout.row[cursor] * h;
    outline(context, x, y, w - gap, h - rowGap, theme.box, 4);
    outline(context, x, y, w - gap, h - rowGap, theme.blue, 2);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} w @param {number} h @param {string} colour @param {number} width */
function outline(context, x, y, w, h, colour, width) {
  context.strokeStyle = colour, context.lineWidth = width;
  context.strokeRect(x, y, w, h);
}

/**
 * Draw the weights of a hidden unit: blue where it pulls up, orange where it pulls down.
 * @param {CanvasRenderingContext2D} context
 * @param {Layout} layout
 * @param {Float32Array} weights
 * @param {Theme} theme
 */
function drawField(context, layout, weights, theme) {
  let top = 1e-9;
  for (const weight of weights) top = Math.max(top, Math.abs(weight));
  for (let site = 0; site < weights.length; site++) {
    context.fillStyle = mixed(weights[site] > 0 ? theme.blue : theme.hold, theme.cell, Math.abs(weights[site]) / top);
    context.fillRect(layout.margin + layout.col[site] * layout.cellWidth, layout.row[site] * layout.cellHeight,
      Math.max(layout.cellWidth, 1), layout.cellHeight);
  }
}

/** The site at a place of a layout, -1 for none. @param {Layout} layout @param {number} x @param {number} y */
function siteAt(layout, x, y) {
  const col = Math.floor((x - layout.margin) / layout.cellWidth), row = Math.floor(y / layout.cellHeight);
  return col < 0 || row < 0 || col >= layout.cols || row >= layout.rows ? -1 : layout.at[row * layout.cols + col];
}

/** The nearest site in a direction, the same site at the edge. @param {Layout} layout @param {number} site @param {number} dx @param {number} dy */
function neighbour(layout, site, dx, dy) {
  for (let col = layout.col[site] + dx, row = layout.row[site] + dy;
    col >= 0 && row >= 0 && col < layout.cols && row < layout.rows; col += dx, row += dy) {
    const found = layout.at[row * layout.cols + col];
    if (found >= 0) return found;
  }
  return site;
}

/**
 * The sweeps that are kept: each one up to k, and fewer and fewer after it.
 * @param {number} k
 * @param {number} last
 * @param {number} most how many
 * @returns {number[]}
 */
function frameTimes(k, last, most) {
  const early = Math.min(k, last), half = Math.max(2, Math.floor(most / 2)), times = new Set([0, early, last]);
  const step = Math.max(1, early / half);
  for (let t = 0; t < early; t += step) times.add(Math.round(t));
  const late = Math.min(half, 2 * times.size); // so that k is at a third
  for (let i = 1; i < late && last > k; i++) times.add(Math.round(k * (last / k) ** (i / late)));
  return [...times].sort((a, b) => a - b);
}

/**
 * Classes in proportions: whole numbers that sum to n, the largest remainders rounded up; as `generate` has it.
 * @param {number[]} counts
 * @param {number} n
 * @returns {number[]}
 */
function proportional(counts, n) {
  const some = counts.some(Boolean) ? counts : counts.map(() => 1), total = some.reduce((a, b) => a + b, 0);
  const exact = some.map((count) => (n * count) / total), whole = exact.map(Math.floor);
  const order = exact.map((_, i) => i).sort((a, b) => whole[a] - exact[a] - (whole[b] - exact[b]) || a - b);
  const left = n - whole.reduce((a, b) => a + b, 0);
  for (const i of order.slice(0, left)) whole[i]++;
  return whole;
}

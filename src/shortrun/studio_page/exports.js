// @ts-check
/// <reference path="views.js" />
// Samples as files: what `shortrun generate -o` writes, from codes.
"use strict";

const LOWEST = 21, TICKS = 480, VELOCITY = 80; // A0; of a beat, about; as data/music/formats/midi.py has them

/**
 * The files that samples of a kind can be.
 * @param {KindForm} kind
 * @returns {string[]}
 */
function formsOf(kind) {
  const letters = kind.view === "sequence" && (kind.letters || []).every((letter) => letter.length === 1);
  return [...(letters ? ["fasta"] : []), "csv", ...(kind.variants ? ["vcf"] : []), ...(kind.music ? ["mid"] : []),
    ...(kind.view === "table" ? [] : ["png"])];
}

/**
 * A file of samples; of MIDI, of the first one.
 * @param {string} form
 * @param {KindForm} kind
 * @param {Uint8Array[]} rows
 * @param {number[]} labels codes, -1 for none
 * @param {string[]} classes
 * @returns {string | Uint8Array}
 */
function exported(form, kind, rows, labels, classes) {
  const names = rows.map((_, i) => `generated_${i + 1}`), of = labels.map((label) => (label < 0 ? "" : classes[label]));
  if (form === "fasta") return fasta(kind, rows, names, of);
  if (form === "vcf") return vcf(kind, rows, names, of);
  if (form === "mid") return midi(kind, rows[0], of[0]);
  return csv(kind, rows, names, of);
}

/** @param {string} text */
const oneLine = (text) => text.split(/\s+/).filter(Boolean).join(" ");

/** @param {KindForm} kind @param {Uint8Array} row */
const lettersOf = (kind, row) => Array.from(row, (code) => (kind.letters || [])[code]).join("");

/** @param {KindForm} kind @param {Uint8Array[]} rows @param {string[]} names @param {string[]} of */
function fasta(kind, rows, names, of) {
  return rows.map((row, i) => `>${names[i]}${of[i] ? ` label=${oneLine(of[i])}` : ""}\n${lettersOf(kind, row)}\n`).join("");
}

/** @param {KindForm} kind @param {Uint8Array[]} rows @param {string[]} names @param {string[]} of */
function csv(kind, rows, names, of) {
  const labelled = of.some(Boolean), more = labelled ? [kind.labelColumn] : [];
  const cell = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const line = (/** @type {string[]} */ cells) => `${cells.map(cell).join(",")}\n`;
  if (formsOf(kind).includes("fasta"))
    return line(["name", "sequence", ...more])
      + rows.map((row, i) => line([names[i], lettersOf(kind, row), ...(labelled ? [of[i]] : [])])).join("");
  const columns = kind.columns || [], letters = kind.letters || [];
  const textOf = (/** @type {number} */ code, /** @type {number} */ site) => (columns.length ? columns[site].texts[code] : letters[code]);
  return line([...kind.names, ...more])
    + rows.map((row, i) => line([...Array.from(row, textOf), ...(labelled ? [of[i]] : [])])).join("");
}

/** @param {KindForm} kind @param {Uint8Array[]} rows @param {string[]} names @param {string[]} of */
function vcf(kind, rows, names, of) {
  const variants = kind.variants || [], haploid = (kind.letters || []).length === 2, calls = ["0/0", "0/1", "1/1"];
  const quoted = (/** @type {string} */ text) => `"${oneLine(text).replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
  const lines = ["##fileformat=VCFv4.2"];
  for (const chromosome of new Set(variants.map((variant) => variant[0]))) lines.push(`##contig=<ID=${chromosome}>`);
  lines.push('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">');
  names.forEach((name, i) => of[i] && lines.push(`##SAMPLE=<ID=${name},Label=${quoted(of[i])}>`));
  lines.push(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", ...names].join("\t"));
  variants.forEach((variant, site) => {
    const cells = rows.map((row) => (haploid ? String(row[site]) : calls[row[site]]));
    lines.push([...variant, ".", ".", ".", "GT", ...cells].join("\t"));
  });
  return `${lines.join("\n")}\n`;
}

/**
 * Notes of a roll: key, first bin, and the bin after the last.
 * @param {KindForm} kind
 * @param {Uint8Array} row
 * @returns {[number, number, number][]}
 */
function notesOf(kind, row) {
  const { frames, keys } = /** @type {NonNullable<KindForm["music"]>} */ (kind.music);
  /** @type {[number, number, number][]} */
  const notes = [];
  for (let key = 0; key < keys; key++)
    for (let bin = 0; bin < frames; bin++) {
      if (!row[bin * keys + key]) continue;
      const first = bin;
      while (bin < frames && row[bin * keys + key]) bin++;
      notes.push([key, first, bin]);
    }
  return notes;
}

/** Beats a minute of a class. @param {KindForm} kind @param {string} label */
function tempoOf(kind, label) {
  const { tempo } = /** @type {NonNullable<KindForm["music"]>} */ (kind.music);
  return tempo[label] || tempo[""] || 120;
}

/** @param {KindForm} kind @param {Uint8Array} row @param {string} label @returns {Uint8Array} */
function midi(kind, row, label) {
  const music = /** @type {NonNullable<KindForm["music"]>} */ (kind.music);
  const ticks = Math.max(1, Math.floor(TICKS / music.perBeat)), beat = Math.round(6e7 / tempoOf(kind, label));
  const big = (/** @type {number} */ value, /** @type {number} */ bytes) =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
  const delta = (/** @type {number} */ time) => {
    const groups = [time & 127];
    while ((time >>= 7)) groups.unshift((time & 127) | 128);
    return groups;
  };
  const mark = [...new TextEncoder().encode(`shortrun: ${music.frames} bins of ${music.timeBin}, ${music.frames} a sample`)];
  const track = [0, 0xff, 0x51, 3, ...big(beat, 3), 0, 0xff, 0x06, ...delta(mark.length), ...mark, 0, 0xc0, 0];
  const events = notesOf(kind, row).flatMap(([key, first, last]) => [[first, 1, key], [last, 0, key]]);
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]); // a note ends before the next begins
  let now = 0;
  for (const [bin, on, key] of events) {
    track.push(...delta((bin - now) * ticks), on ? 0x90 : 0x80, key + LOWEST, on ? VELOCITY : 0);
    now = bin;
  }
  track.push(...delta((music.frames - now) * ticks), 0xff, 0x2f, 0);
  const text = (/** @type {string} */ word) => [...new TextEncoder().encode(word)];
  return Uint8Array.from([...text("MThd"), ...big(6, 4), ...big(0, 2), ...big(1, 2), ...big(ticks * music.perBeat, 2),
    ...text("MTrk"), ...big(track.length, 4), ...track]);
}

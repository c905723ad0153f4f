// @ts-check
/// <reference path="exports.js" />
// Notes of a sample as sound, by WebAudio.
"use strict";

/** @type {AudioContext | null} */
let audio = null;

/** Stop what is playing; returns whether something was. */
function silence() {
  const playing = audio !== null;
  if (audio) audio.close();
  audio = null;
  return playing;
}

/**
 * Play a sample of music.
 * @param {KindForm} kind
 * @param {Uint8Array} row
 * @param {string} label
 * @param {() => void} ended
 */
function sound(kind, row, label, ended) {
  const music = /** @type {NonNullable<KindForm["music"]>} */ (kind.music);
  const context = audio = new AudioContext(), bin = 60 / tempoOf(kind, label) / music.perBeat, begin = context.currentTime + 0.05;
  const all = context.createGain();
  all.gain.value = 0.25;
  all.connect(context.destination);
  for (const [key, first, last] of notesOf(kind, row)) {
    const tone = context.createOscillator(), volume = context.createGain();
    const from = begin + first * bin, to = begin + last * bin;
    tone.type = "triangle";
    tone.frequency.value = 27.5 * 2 ** (key / 12);
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.8, from + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.05, to);
    tone.connect(volume).connect(all);
    tone.start(from);
    tone.stop(to + 0.02);
  }
  setTimeout(() => {
    if (audio !== context) return;
    silence();
    ended();
  }, 1000 * (music.frames * bin + 0.3));
}

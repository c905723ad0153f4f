// Runs functions of the page's scripts in node: `node engine.cjs FOLDER < questions.json`, one answer a question.
"use strict";
const fs = require("fs"), path = require("path");

const folder = process.argv[2], questions = JSON.parse(fs.readFileSync(0, "utf8"));
const names = ["philox.js", "machine.js", "network.js", "views.js", "exports.js"];
const source = names.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).join("\n");
const offered = "({ philox, uniforms, exponential, normal, Machine, Network, logSumExp, exported, layoutOf, frameTimes, proportional })";
const page = new Function(`${source}\nreturn ${offered};`)();

const heldOf = (held) => held && { mask: Uint8Array.from(held.mask), values: Uint8Array.from(held.values) };

const answers = {
  philox({ counter, key }) {
    const words = Uint32Array.from(counter);
    page.philox(words, key[0], key[1]);
    return [...words];
  },
  uniforms({ seed, place, chain, sites }) {
    const out = new Float32Array(sites);
    page.uniforms(seed, place, chain, out);
    return [...out];
  },
  exponential: ({ values }) => values.map((x) => page.exponential(x)),
  normal: ({ values }) => values.map((u) => page.normal(u)),
  samples({ machine, seed, labels, sweeps, held }) {
    const ready = machine.family ? new page.Network(machine) : new page.Machine(machine), fixed = heldOf(held), found = [];
    labels.forEach((label, chain) => {
      const state = ready.begin(seed, chain, label, fixed), hidden = new Uint8Array(ready.hidden);
      for (let t = 1; t <= sweeps; t++) ready.sweep(state, hidden, seed, chain, t, fixed);
      const values = new Uint8Array(ready.sites);
      ready.valuesOf(state, values);
      found.push([...values]);
    });
    return found;
  },
  nudged({ machine, seed, label, size, held, sweeps }) {
    const network = new page.Network(machine), fixed = heldOf(held), one = network.begin(seed, 0, label, fixed);
    const other = network.nudged(one, seed, 0, size, fixed), hidden = new Uint8Array(network.hidden);
    const same = one.map((layer, i) => Array.from(layer.keys()).filter((site) => layer[site] === other[i][site])), apart = [network.apart(one, other)];
    for (let t = 1; t <= sweeps; t++) {
      for (const state of [one, other]) network.sweep(state, hidden, seed, 0, t, fixed);
      apart.push(network.apart(one, other));
    }
    return { same, apart };
  },
  scores({ machine, values }) {
    const ready = new page.Machine(machine);
    return values.map((row) => [...ready.scores(Uint8Array.from(row))]);
  },
  exported({ form, kind, values, labels, classes }) {
    return Buffer.from(page.exported(form, kind, values.map((row) => Uint8Array.from(row)), labels, classes))
      .toString("base64");
  },
  proportional: ({ counts, n }) => page.proportional(counts, n),
  times: ({ k, last, most }) => page.frameTimes(k, last, most),
};

process.stdout.write(JSON.stringify(questions.map(({ ask, ...given }) => answers[ask](given))));

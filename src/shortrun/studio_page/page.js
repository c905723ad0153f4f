// @ts-check
/// <reference path="views.js" />
// What scripts of pages need of their page.
"use strict";

/** @type {(id: string) => any} */
const byId = (id) => document.getElementById(id);

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any}
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  made.append(...children);
  return made;
}

/** The colours of the page, light or dark. @returns {Theme} */
function themeNow() {
  const style = getComputedStyle(document.documentElement);
  const six = (/** @type {string} */ hex) => (hex.length === 4 ? `#${hex[1]}${hex[1]}${hex[2]}${hex[2]}${hex[3]}${hex[3]}` : hex);
  const names = ["ink", "soft", "line", "paper", "box", "blue", "cell", "hold", "good", "black", "tint", "h", "p", "k", "d", "o"];
  return Object.fromEntries(names.map((name) => [name, six(style.getPropertyValue(`--${name}`).trim())]));
}

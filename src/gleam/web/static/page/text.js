/* Every word of the page, from one dictionary per language: text/en.json and text/zh.json. */

export const LANGUAGES = ["en", "zh"];

let words = {};
let language = document.documentElement.lang === "zh" ? "zh" : "en";
const listeners = new Set();

export const current = () => language;

/** Call `listener` whenever the language changes; the parts of the page that are made by code draw anew. */
export const onLanguage = (listener) => listeners.add(listener);

/** Load the dictionary of a language and put its words on the page. */
export async function speak(wished) {
  const response = await fetch(`/static/text/${wished}.json`);
  words = await response.json();
  language = wished;
  document.documentElement.lang = wished === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  apply(document);
  for (const listener of listeners) listener();
}

/** Remember a choice and speak it. */
export async function choose(wished) {
  try { localStorage.setItem("gleam.language", wished); } catch { /* a private window keeps nothing */ }
  await speak(wished);
}

/** Return the words for a key, with {name} filled in. */
export function t(key, values = {}) {
  const said = words[key];
  if (said === undefined) throw new Error(`no words for ${key}`);
  return said.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Return the words for a number of things: KEY.one or KEY.other, with {n} filled in. */
export function count(key, n, values = {}) {
  const form = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: number(n), ...values });
}

/** Return the words for a key if there are any, else the fallback. */
export const maybe = (key, fallback) => words[key] ?? fallback;

/** Fill in all [data-t], [data-t-label], [data-t-title] and [data-t-placeholder] under a node. */
export function apply(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const [data, attribute] of [["tLabel", "aria-label"], ["tTitle", "title"], ["tPlaceholder", "placeholder"]]) {
    const name = data.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
    for (const node of root.querySelectorAll(`[data-${name}]`)) node.setAttribute(attribute, t(node.dataset[data]));
  }
}

export const number = (value, digits = 0) =>
  value.toLocaleString(language === "zh" ? "zh-CN" : "en", { maximumFractionDigits: digits, minimumFractionDigits: digits });

/** Return metres as people read them: 3.4 m, 47 m, 1.23 km. */
export function metres(value) {
  if (value >= 1000) return t("unit.km", { n: number(value / 1000, value < 10000 ? 2 : 1) });
  return t("unit.m", { n: number(value, value < 10 ? 1 : 0) });
}

/** Return a duration as people read it. */
export function duration(seconds) {
  if (seconds < 60) return t("unit.s", { n: number(Math.max(1, Math.round(seconds))) });
  if (seconds < 3600) return t("unit.min", { n: number(Math.round(seconds / 60)) });
  return t("unit.h", { h: number(Math.floor(seconds / 3600)), m: number(Math.round((seconds % 3600) / 60)) });
}

const COMPASS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];
export const compass = (degrees) => t(`compass.${COMPASS[Math.round(degrees / 45) % 8]}`);

/* Every word of the page, from one dictionary per language: text/en.json and text/zh.json. */

let words = {};
let language = "en";
const listeners = new Set();

export const current = () => language;

/** Call `listener` whenever the language changes. */
export const onLanguage = (listener) => listeners.add(listener);

/** Load the dictionary of a language and put its words on the page. */
export async function speak(wished) {
  const response = await fetch(`/review/text/${wished}.json`);
  words = await response.json();
  language = wished;
  document.documentElement.lang = wished === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of document.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
  for (const name of ["en", "zh"]) document.getElementById(`speak-${name}`).setAttribute("aria-pressed", String(name === wished));
  for (const listener of listeners) listener();
}

/** Remember a choice and speak it. */
export async function choose(wished) {
  keep("gleam.language", wished);
  await speak(wished);
}

/** Return the words for a key, with {name} filled in. */
export function t(key, values = {}) {
  const said = words[key];
  if (said === undefined) throw new Error(`no words for ${key}`);
  return said.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Return the words for a number of things: KEY.one or KEY.other, with {n} filled in. */
export function count(key, n) {
  const form = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: number(n) });
}

export const number = (value, digits = 0) =>
  value.toLocaleString(language === "zh" ? "zh-CN" : "en", { maximumFractionDigits: digits, minimumFractionDigits: digits });

export const time = (iso, options = { dateStyle: "medium", timeStyle: "short" }) =>
  new Date(iso).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", options);

/** Read and write what this browser keeps; a private window may refuse. */
export function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}
export function keep(name, value) {
  try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { /* not kept */ }
}

/* The server's sentences (notes, warnings, refusals) are English; the dictionary may hold a translation
 * as a pattern. What it does not know is shown as the server said it, marked as English. */

import { el } from "./dom.js";
import { current } from "./text.js";

let patterns = {};

/** Load the patterns of a language: [[pattern, translation with $1 ...], ...]. */
export async function loadServerWords() {
  const response = await fetch("/static/text/server.zh.json");
  patterns = { zh: (await response.json()).map(([pattern, words]) => [new RegExp(`^${pattern}$`, "s"), words]) };
}

/** Return a sentence of the server as a node in the language of the page where that is known. */
export function serverSays(sentence) {
  for (const [pattern, words] of patterns[current()] ?? []) {
    if (pattern.test(sentence)) return el("span", {}, sentence.replace(pattern, words));
  }
  return el("span", { lang: "en" }, sentence);
}

/* The server's sentences (notes, warnings, refusals) are English and may speak to the command line. The
 * dictionaries text/server.*.json turn them into words of the page, as patterns; what they do not know is
 * shown as the server said it, marked as English. */

import { el } from "./dom.js";
import { LANGUAGES, current } from "./text.js";

const patterns = {};

/** Load the patterns of all languages: [[pattern, words with $1 ...], ...]. */
export async function loadServerWords() {
  await Promise.all(LANGUAGES.map(async (language) => {
    const listed = await (await fetch(`/static/text/server.${language}.json`)).json();
    patterns[language] = listed.map(([pattern, words]) => [new RegExp(`^${pattern}$`, "s"), words]);
  }));
}

/** Return a sentence of the server as a node, in the language of the page where that is known. */
export function serverSays(sentence) {
  const known = translated(sentence) ?? inParts(sentence);
  return known === null ? el("span", { lang: "en" }, sentence) : el("span", {}, known);
}

/** Return a sentence of the server as text, in the language of the page where that is known. */
export const serverWords = (sentence) => translated(sentence) ?? inParts(sentence) ?? sentence;

function translated(sentence) {
  for (const [pattern, words] of patterns[current()] ?? []) {
    const found = pattern.exec(sentence);
    // A part may be a sentence of its own: "view detected as drone (its metadata hold ...)".
    if (found) return words.replace(/\$(\d)/g, (_, n) => translated(found[n]) ?? found[n]);
  }
  return null;
}

/** Several remarks in one, parted by semicolons. */
function inParts(sentence) {
  const parts = sentence.split("; ").map(translated);
  return parts.length > 1 && parts.every((part) => part !== null) ? parts.join("；") : null;
}

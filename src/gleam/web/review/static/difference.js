/* What was taken out of a text and what was put in, word by word. */

import { el } from "/static/page/dom.js";

/** Split a text into words, spaces and signs; joined they are the text. Chinese has no spaces: ask the browser. */
export function words(text, language) {
  if (Intl.Segmenter) return Array.from(new Intl.Segmenter(language, { granularity: "word" }).segment(text), (s) => s.segment);
  return text.match(/\p{Script=Han}|[\p{L}\p{N}]+|\s+|./gsu) ?? [];
}

/** Return [kind, text] pieces, kind one of same, out, in: a longest common subsequence of the words. */
export function difference(before, after, language) {
  const a = words(before, language), b = words(after, language);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const x = a.slice(start, a.length - end), y = b.slice(start, b.length - end);
  const width = y.length + 1;
  const longest = new Uint16Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = x[i] === y[j] ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const pieces = [];
  const put = (kind, text) => {
    if (!text) return;
    if (pieces.at(-1)?.[0] === kind) pieces.at(-1)[1] += text;
    else pieces.push([kind, text]);
  };
  put("same", a.slice(0, start).join(""));
  for (let i = 0, j = 0; i < x.length || j < y.length;) {
    if (i < x.length && j < y.length && x[i] === y[j]) { put("same", x[i]); i += 1; j += 1; }
    else if (i < x.length && (j >= y.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) { put("out", x[i]); i += 1; }
    else { put("in", y[j]); j += 1; }
  }
  put("same", a.slice(a.length - end).join(""));
  return pieces;
}

/** Return the difference as an element; <del> and <ins> tell it to screen readers too. */
export function drawDifference(before, after, language) {
  const tags = { same: "span", out: "del", in: "ins" };
  return el("p", { class: "difference", lang: language === "zh" ? "zh-CN" : language },
    difference(before, after, language).map(([kind, text]) => el(tags[kind], {}, text)));
}

/* Small parts that several places show. */

import { el, icon } from "./dom.js";
import { t } from "./text.js";
import { STATUS_CLASS, STATUS_ICON } from "./wording.js";

/** A status in words, with an icon, so that its colour is never needed. */
export function chip(status, large = false) {
  return el("span", { class: `chip ${STATUS_CLASS[status] ?? ""}${large ? " large" : ""}` }, icon(STATUS_ICON[status] ?? "question"), el("span", { class: "chip-words" }, t(`status.${status}`)));
}

/** Tell screen readers, without moving the focus. */
export function announce(words) {
  const live = document.getElementById("live");
  // The same words twice are read twice only when they change in between.
  live.textContent = live.textContent === words ? `${words} ` : words;
}

/** A button that copies text and says so. */
export function copyButton(id, text, label) {
  const words = el("span", {}, t("copy"));
  return el("button", {
    type: "button", class: "button", id, "aria-label": label, disabled: !text,
    onclick: async () => {
      await copyText(text);
      words.textContent = t("copied");
      announce(t("copied"));
      setTimeout(() => { words.textContent = t("copy"); }, 1600);
    },
  }, icon("copy"), words);
}

async function copyText(text) {
  if (navigator.clipboard && isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Over plain HTTP on another machine browsers have no clipboard to write to but this one.
  const area = el("textarea", { class: "visually-hidden", value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A term and what it is. */
export function fact(term, ...value) {
  return el("div", { class: "fact" }, el("dt", {}, term), el("dd", {}, value));
}

/* The texts, languages side by side: editing, what changed, which teacher, kept or discarded. */

import { drawDifference } from "./difference.js";
import { touch } from "./drafts.js";
import { original, state, statusOf, tidy } from "./state.js";
import { t } from "./words.js";
import { byId, el } from "/static/page/dom.js";

const LETTERS = "ABCDEFGH";
const CHIPS = { accepted: "chip", edited: "chip warn", discarded: "chip bad" };
const spoken = (language) => (language === "zh" ? "zh-CN" : language);
const size = (field) => {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
};

/** Return the part of the page with all texts. `onDiscard(language)`, `onChange()` are told. */
export function drawTexts({ onDiscard, onChange }) {
  return el("section", { class: "texts", id: "texts" },
    state.item.languages.map(({ language, texts }, place) => drawText(language, texts, place, onDiscard, onChange)));
}

function drawText(language, choices, place, onDiscard, onChange) {
  const name = t(`language.${language}`);
  const field = el("textarea", {
    id: `text-${language}`, lang: spoken(language), rows: "4", spellcheck: language === "en" ? "true" : "false",
    maxlength: state.campaign.limits.text, "aria-label": t("text.label", { language: name }), "aria-describedby": `status-${language}`,
    oninput: () => {
      state.work.texts[language].text = field.value;
      changedText(language, onChange);
    },
  });
  field.value = state.work.texts[language].text;
  const teachers = choices.length > 1 && el("div", { class: "segments", role: "group", "aria-label": t("text.which", { language: name }) },
    choices.map((choice, n) => el("button", {
      type: "button", "data-teacher": n, "aria-pressed": String(choice.teacher === state.work.texts[language].teacher),
      onclick: () => { takeTeacher(language, n, onChange); },
    }, t("text.of", { letter: LETTERS[n] }))));
  const part = el("article", { class: "card text", id: `part-${language}`, "data-language": language },
    el("header", { class: "row spread" },
      el("h2", {}, name, " ", el("kbd", { "aria-hidden": "true" }, place + 1)),
      el("div", { class: "row" }, teachers, el("span", { id: `status-${language}`, class: "chip" }))),
    field,
    el("div", { class: "row spread under" },
      el("button", { type: "button", class: "button quiet small restore", id: `restore-${language}`, onclick: () => restore(language, onChange) }, t("text.restore")),
      el("button", { type: "button", class: "button quiet small", id: `discard-${language}`, onclick: () => onDiscard(language) }, t("act.discard"))),
    el("div", { class: "why notice bad", id: `why-${language}`, hidden: true }),
    el("div", { class: "changes", id: `changes-${language}`, hidden: true }),
    drawEvidence(language, choices));
  queueMicrotask(() => { size(field); showState(language); });
  return part;
}

function drawEvidence(language, choices) {
  const said = choices.find((choice) => choice.teacher === state.work.texts[language].teacher)?.evidence ?? [];
  return said.length > 0 && el("details", { class: "evidence" },
    el("summary", { class: "small soft" }, t("text.evidence")),
    el("ul", { class: "small", lang: spoken(language) }, said.map((one) => el("li", {}, one))));
}

function changedText(language, onChange) {
  state.work.texts[language].discard = null;
  size(byId(`text-${language}`));
  showState(language);
  touch();
  onChange();
}

/** Show whether a text is unchanged, edited or discarded, and what changed. */
export function showState(language) {
  const status = statusOf(language), { text, discard } = state.work.texts[language];
  const chip = byId(`status-${language}`);
  chip.className = CHIPS[status];
  chip.textContent = t(`status.${status}`);
  byId(`part-${language}`).dataset.status = status;
  const edited = tidy(text) !== tidy(original(language).text);
  byId(`restore-${language}`).hidden = !edited;
  const changes = byId(`changes-${language}`);
  changes.hidden = !edited;
  changes.replaceChildren(...(edited ? [el("h3", { class: "small soft" }, t("text.changes")), drawDifference(tidy(original(language).text), tidy(text), language)] : []));
  const why = byId(`why-${language}`);
  why.hidden = !discard;
  why.replaceChildren(...(discard ? [t(`reason.${discard.reason}`), discard.note ? `: ${discard.note}` : ""] : []));
  byId(`discard-${language}`).textContent = t(discard ? "discard.keep" : "act.discard");
}

/** Put other words into a text. */
export function putText(language, { teacher, text, discard }, onChange) {
  Object.assign(state.work.texts[language], { teacher, text, discard });
  const field = byId(`text-${language}`);
  field.value = text;
  for (const button of byId(`part-${language}`).querySelectorAll("[data-teacher]")) {
    const choices = state.item.languages.find((one) => one.language === language).texts;
    button.setAttribute("aria-pressed", String(choices[button.dataset.teacher].teacher === teacher));
  }
  size(field);
  showState(language);
  touch();
  onChange();
}

function restore(language, onChange) {
  const { teacher, text } = original(language);
  putText(language, { teacher, text, discard: null }, onChange);
  byId(`text-${language}`).focus();
}

/** Take the text of another teacher, or the next one when no number is given. */
export function takeTeacher(language, place, onChange) {
  const choices = state.item.languages.find((one) => one.language === language).texts;
  const now = choices.findIndex((choice) => choice.teacher === state.work.texts[language].teacher);
  const { teacher, text } = choices[place ?? (now + 1) % choices.length];
  putText(language, { teacher, text, discard: null }, onChange);
}

/* Discarding, conflicts, history, help. */

import { drawDifference } from "./difference.js";
import { getHistory } from "./server.js";
import { state } from "./state.js";
import { keep, kept, t, time } from "./words.js";
import { byId, el } from "/static/page/dom.js";

const closer = (dialog) => el("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("close"));

/** Ask why texts are discarded. Resolves to {languages, discard, save} or null. */
export function askDiscard(chosen = null) {
  const dialog = byId("discard-dialog"), { reasons, limits } = state.campaign;
  const languages = state.item.languages.map((one) => one.language);
  const note = el("input", { id: "discard-note", maxlength: limits.note, autocomplete: "off" });
  const wrong = el("p", { class: "notice bad", role: "alert", hidden: true }, t("discard.note.missing"));
  const choice = (name, value, words, checked) => el("label", { class: "check" },
    el("input", { type: "radio", name, value, checked }), el("span", {}, words));
  return new Promise((resolve) => {
    const picked = (name) => dialog.querySelector(`input[name=${name}]:checked`)?.value;
    const finish = (save) => {
      const reason = picked("reason"), what = picked("what") ?? languages[0];
      if (reason === "other" && !note.value.trim()) {
        wrong.hidden = false;
        note.focus();
        return;
      }
      answer = { languages: what === "all" ? languages : [what], discard: { reason, note: note.value.trim() }, save };
      dialog.close();
    };
    let answer = null;
    const form = el("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); finish(true); } },
      el("h2", { id: "discard-title" }, t("discard.title")),
      languages.length > 1 && el("fieldset", { class: "row" }, el("legend", { class: "small soft" }, t("discard.what")),
        choice("what", "all", t("discard.all"), chosen === null),
        languages.map((name) => choice("what", name, t(`language.${name}`), chosen === name))),
      el("fieldset", { class: "reasons" }, el("legend", { class: "small soft" }, t("discard.reason")),
        reasons.map((name, n) => choice("reason", name, [el("kbd", { "aria-hidden": "true" }, n + 1), " ", t(`reason.${name}`)], n === 0))),
      el("label", { class: "field" }, el("span", {}, t("discard.note")), note, el("span", { class: "hint" }, t("discard.note.hint"))),
      wrong,
      el("div", { class: "row" },
        el("button", { class: "button primary", id: "discard-save" }, t("discard.save")),
        el("button", { type: "button", class: "button", id: "discard-mark", onclick: () => finish(false) }, t("discard.mark")),
        el("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, t("cancel"))));
    form.addEventListener("keydown", (event) => {
      const radio = dialog.querySelectorAll("input[name=reason]")[Number(event.key) - 1];
      if (!radio || event.target === note || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      radio.checked = true;
      (radio.value === "other" ? note : radio).focus();
    });
    dialog.replaceChildren(form);
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    dialog.querySelector("input[name=reason]").focus();
  });
}

/** Draw a decision: its verdict and, per language, what became of the text. */
export function drawDecision(told) {
  return [
    el("p", {}, el("b", {}, t(told.match ? "verdict.yes" : "verdict.no"))),
    ...Object.entries(told.texts).map(([language, text]) => el("div", { class: "opinion-text" },
      el("p", { class: "small soft" }, t("opinion.text", { language: t(`language.${language}`), status: t(`status.${text.status}`) }),
        text.discard && ` – ${t(`reason.${text.discard.reason}`)}${text.discard.note ? `: ${text.discard.note}` : ""}`),
      text.status !== "discarded" && drawDifference(text.original, text.text, language))),
  ];
}

/** Show that a decision came too late, with both. Resolves to keep, replace, add or later. */
export function askConflict(body, mine, isSettling) {
  const dialog = byId("conflict-dialog");
  const words = body.kind === "stale" && isSettling ? "conflict.stale.settle" : `conflict.${body.kind}`;
  return new Promise((resolve) => {
    let answer = "later";
    const button = (name, kind) => el("button", { type: "button", class: `button ${kind}`, id: `conflict-${name}`, onclick: () => { answer = name; dialog.close(); } }, t(`conflict.${name}`));
    dialog.replaceChildren(el("div", { class: "stack" },
      el("h2", { id: "conflict-title" }, t("conflict.title")),
      el("p", {}, t(words)),
      el("div", { class: "versions" },
        body.recorded.length ? body.recorded.map((event) => el("section", { class: "card pad stack" },
          el("h3", {}, t("conflict.theirs", { name: event.reviewer })), drawDecision(event.payload)))
          : el("section", { class: "card pad" }, t("conflict.gone")),
        el("section", { class: "card pad stack" }, el("h3", {}, t("conflict.yours")), drawDecision(mine))),
      el("div", { class: "row" }, button("keep", "primary"),
        body.kind === "stale" && button("replace", ""), body.kind === "taken" && button("add", ""), button("later", "quiet"))));
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
  });
}

export async function showHistory() {
  const dialog = byId("history-dialog");
  const events = await getHistory(state.reviewer, state.item.pair_id);
  dialog.replaceChildren(el("div", { class: "stack" },
    el("h2", { id: "history-title" }, t("history.title")),
    events.length ? el("ol", { class: "events" }, events.map((event) => el("li", { class: "card pad stack" },
      el("h3", {}, t("history.at", { name: event.reviewer, what: t(`history.${event.kind}`), time: time(event.at) })),
      event.kind !== "undo" && drawDecision(event.payload),
      el("p", { class: "small soft mono hash" }, `#${event.seq} ${event.hash.slice(0, 16)}`))))
      : el("p", { class: "soft" }, t("history.none")),
    el("div", { class: "row" }, closer(dialog))));
  dialog.showModal();
}

const KEYS = [["accept", "A"], ["save", "Ctrl Enter"], ["verdict", "M"], ["edit", "1 2"], ["leave", "Esc"], ["teacher", "T"],
  ["discard", "D"], ["undo", "U"], ["skip", "N"], ["regions", "R"], ["large", "Z"], ["zoom", "+ − 0"], ["take", "J K"], ["history", "H"], ["help", "?"]];

export const keysOn = () => kept("gleam.review.keys") !== "off";

export function showHelp() {
  const dialog = byId("help-dialog");
  const on = el("input", { type: "checkbox", id: "keys-on", checked: keysOn(), onchange: () => keep("gleam.review.keys", on.checked ? null : "off") });
  dialog.replaceChildren(el("div", { class: "stack" },
    el("h2", { id: "help-title" }, t("help.title")),
    el("p", {}, t("help.words")),
    el("p", {}, t("help.kept")),
    el("h3", {}, t("help.keys")),
    el("dl", { class: "keys" }, KEYS.map(([name, keys]) => el("div", {}, el("dt", {}, keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, t(`key.${name}`))))),
    el("label", { class: "check" }, on, el("span", {}, t("help.keys.on"))),
    el("div", { class: "row" }, closer(dialog))));
  dialog.showModal();
}

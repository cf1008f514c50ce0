/* One item on the page: pictures, verdict, texts, and what can be done with it. */

import { askConflict, askDiscard, drawDecision, showHistory } from "./dialogs.js";
import { flush, forget, newest, touch } from "./drafts.js";
import { drawPictures, markRegions } from "./pictures.js";
import { sendDecision, sendSkip } from "./server.js";
import { changed, freshWork, original, settling, state, statusOf, tidy } from "./state.js";
import { drawTexts, putText, showState } from "./texts.js";
import { number, t } from "./words.js";
import { byId, el } from "/static/page/dom.js";

const LETTERS = "AB";
let hooks = { next: async () => {}, say: () => {}, trouble: () => {} };

/** Tell what to call when an item is finished, and how to speak to the person. */
export const wireItem = (given) => { hooks = given; };

/** Take up an item: its work is the newest draft, or begins afresh. */
export function openItem(item) {
  state.item = item;
  state.begun = Date.now();
  state.warned = false;
  const draft = newest(item);
  state.work = draft ?? freshWork(item);
  drawItem();
  if (draft && changed()) hooks.say(t("draft.restored"));
  else if (item.mine) hooks.say(t("said.again"));
}

/** Draw the item that is open, in the language of the moment. */
export function drawItem() {
  const { item } = state;
  byId("work").replaceChildren(
    drawPictures(item),
    el("div", { class: "judging" },
      settling() && drawOpinions(item),
      drawVerdict(),
      el("p", { class: "notice warn", id: "check", role: "alert", hidden: true }, t("verdict.check")),
      drawTexts({ onDiscard: discard, onChange: showActions })),
    drawActions());
  showVerdict();
  showActions();
  markRegions(item, () => state.item === item);
}

function drawVerdict() {
  const choice = (match, words) => el("button", { type: "button", "data-match": String(match), onclick: () => setMatch(match) }, words);
  const teacher = state.item.teacher_match;
  return el("section", { class: "verdict row", "aria-labelledby": "verdict-title" },
    el("h2", { id: "verdict-title" }, t("verdict"), " ", el("kbd", { "aria-hidden": "true" }, "M")),
    el("div", { class: "segments", role: "group", "aria-labelledby": "verdict-title", id: "verdict" },
      choice(true, t("verdict.yes")), choice(false, t("verdict.no"))),
    el("span", { class: "small soft" }, teacher === null ? t("verdict.teacher.none") : t("verdict.teacher", { verdict: t(teacher ? "verdict.yes" : "verdict.no") })),
    el("span", { class: "chip warn", id: "corrected", hidden: true }, t("verdict.corrected")));
}

export function setMatch(match) {
  state.work.match = match;
  state.warned = false;
  byId("check").hidden = true;
  touch();
  showVerdict();
  showActions();
}

function showVerdict() {
  for (const button of byId("verdict").children) button.setAttribute("aria-pressed", String(button.dataset.match === String(state.work.match)));
  const teacher = state.item.teacher_match;
  byId("corrected").hidden = teacher === null || state.work.match === teacher;
}

function drawOpinions(item) {
  const { match, distance_m } = item.truth;
  const truth = match ? t("settle.truth.yes") : distance_m === null ? t("settle.truth.no.unknown") : t("settle.truth.no", { n: number(distance_m) });
  return el("section", { class: "opinions stack", "aria-labelledby": "opinions-title" },
    el("div", {}, el("h2", { id: "opinions-title" }, t("settle.opinions")), el("p", { class: "small soft" }, `${truth} ${t("settle.choose")}`)),
    el("div", { class: "versions" }, item.opinions.map((told, n) => el("article", { class: "card pad stack" },
      el("header", { class: "row spread" }, el("h3", {}, t("settle.reviewer", { letter: LETTERS[n] ?? n + 1 })),
        el("button", { type: "button", class: "button", id: `take-${n}`, onclick: () => take(n) },
          t("settle.take", { letter: LETTERS[n] ?? n + 1 }), " ", el("kbd", { "aria-hidden": "true" }, "JK"[n] ?? ""))),
      drawDecision(told)))));
}

/** Take over what one of the reviewers decided. */
export function take(n) {
  const told = state.item.opinions[n];
  if (!told) return;
  setMatch(told.match);
  for (const [language, { teacher, text, discard }] of Object.entries(told.texts)) putText(language, { teacher, text, discard }, showActions);
}

function drawActions() {
  const button = (id, kind, key, act) => el("button", { type: "button", class: `button ${kind}`, id, onclick: act },
    el("span", { id: `${id}-words` }), el("kbd", { "aria-hidden": "true" }, key));
  return el("footer", { class: "actions" },
    button("accept", "primary", "A", () => save()),
    button("discard", "danger", "D", () => discard(null)),
    button("undo", "", "U", () => hooks.undo()),
    button("skip", "", "N", () => skip()),
    button("history", "quiet", "H", () => showHistory().catch(hooks.trouble)),
    el("span", { class: "small soft n", id: "draft-told" }));
}

function showActions() {
  const plain = !changed() && state.item.languages.every(({ language }) => statusOf(language) === "accepted") && !settling();
  byId("accept-words").textContent = t(plain ? "act.accept" : "act.save");
  for (const name of ["discard", "undo", "skip", "history"]) byId(`${name}-words`).textContent = t(`act.${name}`);
  byId("accept").disabled = state.work.match === null;
}

/** What will be sent, in the form in which it is recorded, to be shown beside another version. */
function asRecorded() {
  return {
    match: state.work.match,
    texts: Object.fromEntries(Object.entries(state.work.texts).map(([language, { text, discard }]) =>
      [language, { status: statusOf(language), original: tidy(original(language).text), text: tidy(text), discard }])),
  };
}

/** Tell whether a corrected verdict leaves a text that argues for the old one. */
function contradicts() {
  const teacher = state.item.teacher_match;
  return teacher !== null && state.work.match !== teacher && state.item.languages.some(({ language }) => statusOf(language) === "accepted");
}

export async function save({ extra = false } = {}) {
  if (state.busy || state.work.match === null) return;
  const empty = state.item.languages.find(({ language }) => statusOf(language) !== "discarded" && !tidy(state.work.texts[language].text));
  if (empty) {
    hooks.trouble(new Error(t("text.empty")));
    byId(`text-${empty.language}`).focus();
    return;
  }
  if (contradicts() && !state.warned) {
    state.warned = true;
    byId("check").hidden = false;
    return;
  }
  state.busy = true; // until the next item is there: a second press must not decide this one again
  let late = null;
  try {
    const { match, texts, base } = state.work;
    const seconds = Math.min(86400, Math.round((Date.now() - state.begun) / 100) / 10);
    await sendDecision(settling(), { pair_id: state.item.pair_id, reviewer: state.reviewer, decision: { match, texts, seconds }, base, ...(extra && { extra }) });
    await forget();
    hooks.say(t("said.saved"));
    await hooks.next();
  } catch (problem) {
    if (problem.status === 409) late = problem.body;
    else hooks.trouble(problem);
  } finally {
    state.busy = false;
  }
  if (late) await settleConflict(late);
}

async function settleConflict(body) {
  touch();
  await flush();
  const answer = await askConflict(body, asRecorded(), settling());
  if (answer === "keep") {
    await forget({ onServer: true });
    await hooks.next();
  } else if (answer === "replace") {
    state.work.base = body.base;
    await save();
  } else if (answer === "add") await save({ extra: true });
}

/** Discard one text, or whatever the person chooses; a discarded one is taken back instead. */
export async function discard(language) {
  if (language && state.work.texts[language].discard) {
    state.work.texts[language].discard = null;
    showState(language);
    touch();
    showActions();
    return;
  }
  const answer = await askDiscard(language);
  if (!answer) return;
  for (const name of answer.languages) {
    state.work.texts[name].discard = answer.discard;
    showState(name);
  }
  touch();
  showActions();
  if (answer.save) await save();
}

export async function skip() {
  if (state.busy) return;
  state.busy = true;
  try {
    await flush();
    await sendSkip(state.reviewer, state.item.pair_id);
    hooks.say(t("said.skipped"));
    await hooks.next();
  } catch (problem) {
    hooks.trouble(problem);
  } finally {
    state.busy = false;
  }
}

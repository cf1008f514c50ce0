/* The page of a review: who reviews, which part is shown, which item comes next. */

import { showHelp } from "./dialogs.js";
import { flush, plant } from "./drafts.js";
import { drawItem, openItem, wireItem } from "./item.js";
import { wireKeys } from "./keys.js";
import { drawProgress } from "./progress.js";
import { getCampaign, getItem, getNext, sendUndo } from "./server.js";
import { settling, state } from "./state.js";
import { choose, count, keep, kept, number, onLanguage, speak, t } from "./words.js";
import { byId, el, fill, icon } from "/static/page/dom.js";

const PARTS = ["review", "settle", "progress"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
let counts = null;

const say = (words) => { byId("said").textContent = words; };

function trouble(problem) {
  const words = problem?.sentence ?? problem?.message ?? "";
  byId("trouble").hidden = !words;
  byId("trouble").textContent = words;
  if (problem && !problem.sentence) console.error(problem);
}

/** Where the page is, as its address says: #review, #review/PAIR, #settle/PAIR, #progress. */
function address() {
  const [part, ...rest] = decodeURIComponent(location.hash.slice(1)).split("/");
  return { part: PARTS.includes(part) ? part : "review", pair: rest.join("/") };
}

/** Change the address without going there again. */
function note(pair) {
  history.replaceState(null, "", `#${state.part}/${encodeURIComponent(pair)}`);
}

async function goTo() {
  const { part, pair } = address();
  state.part = part;
  state.item = null;
  for (const name of PARTS) byId(`to-${name}`).setAttribute("aria-current", String(name === part ? "page" : false));
  trouble(null);
  byId("work").replaceChildren(el("p", { class: "soft quietly" }, t("loading")));
  try {
    if (part === "progress") { await refreshCounts(); await drawProgress(); }
    else if (pair) { await refreshCounts(); openItem(await getItem(state.reviewer, pair, settling())); }
    else await next();
  } catch (problem) {
    trouble(problem);
    byId("work").replaceChildren(el("p", { class: "quietly" }, el("button", { type: "button", class: "button", onclick: () => { history.replaceState(null, "", `#${part}`); goTo(); } }, t("error.retry"))));
  }
}

async function refreshCounts() {
  counts = await getNext(state.reviewer, settling());
  showCounts();
  return counts;
}

function showCounts() {
  if (!counts) return;
  byId("far").max = counts.items || 1;
  byId("far").value = counts.complete;
  byId("far-words").textContent = t("far", { done: number(counts.complete), items: number(counts.items) });
  byId("disputed").textContent = counts.disputed ? number(counts.disputed) : "";
}

/** Open the item that comes next, or say that none is left. */
async function next() {
  trouble(null);
  const { pair_id } = await refreshCounts();
  if (!pair_id) {
    state.item = null;
    history.replaceState(null, "", `#${state.part}`);
    drawDone();
    return;
  }
  const item = await getItem(state.reviewer, pair_id, settling());
  note(pair_id);
  openItem(item);
  scrollTo(0, 0);
  if (document.activeElement?.matches("textarea, button, body")) byId("work").focus({ preventScroll: true });
}

function drawDone() {
  const words = settling() ? ["settled.title", t("settled.words")] : ["done.title", t("done.words", { mine: count("done.pairs", counts.mine) })];
  byId("work").replaceChildren(el("section", { class: "card pad stack done" }, el("h1", {}, t(words[0])), el("p", {}, words[1]),
    !settling() && counts.disputed > 0 && el("p", {}, el("a", { href: "#settle" }, count("done.settle", counts.disputed))),
    el("div", { class: "row" }, el("button", { type: "button", class: "button", id: "undo", onclick: () => undo().catch(trouble) }, t("act.undo")))));
}

async function undo() {
  if (state.busy) return;
  state.busy = true;
  try {
    await flush();
    await reopen(await sendUndo(state.reviewer));
  } finally {
    state.busy = false;
  }
}

/** Open the item of a decision that was taken back, as it was before saving. */
async function reopen({ pair_id, settling: wasSettling, event }) {
  state.part = wasSettling ? "settle" : "review";
  for (const name of PARTS) byId(`to-${name}`).setAttribute("aria-current", String(name === state.part ? "page" : false));
  await refreshCounts();
  const item = await getItem(state.reviewer, pair_id, wasSettling);
  const { match, texts } = event.payload;
  const work = Object.fromEntries(Object.entries(texts).map(([language, { teacher, text, discard }]) => [language, { teacher, text, discard }]));
  plant(pair_id, { match, texts: work, base: item.base });
  note(pair_id);
  openItem(item);
  trouble(null);
  say(t("said.undone"));
}

function askName() {
  const dialog = byId("name-dialog"), field = byId("name"), { name: most } = state.campaign.limits;
  field.value = state.reviewer;
  field.maxLength = most;
  return new Promise((resolve) => {
    byId("name-form").onsubmit = (event) => {
      const told = field.value.trim();
      const fine = told && told.length <= most && !/\p{C}/u.test(told);
      byId("name-wrong").hidden = Boolean(fine);
      if (fine) state.reviewer = told;
      else {
        event.preventDefault();
        byId("name-wrong").textContent = t("name.wrong", { n: most });
      }
    };
    dialog.oncancel = (event) => { if (!state.reviewer) event.preventDefault(); };
    dialog.addEventListener("close", () => {
      keep("gleam.review.name", state.reviewer);
      byId("person").textContent = state.reviewer;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
}

function showTheme() {
  const words = t(isDark() ? "theme.light" : "theme.dark");
  fill(byId("theme"), icon(isDark() ? "sun" : "moon"));
  byId("theme").setAttribute("aria-label", words);
  byId("theme").title = words;
}

function wire() {
  for (const name of ["en", "zh"]) byId(`speak-${name}`).addEventListener("click", () => choose(name).catch(trouble));
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    keep("gleam.theme", document.documentElement.dataset.theme);
    showTheme();
  });
  dark.addEventListener("change", showTheme);
  byId("open-help").addEventListener("click", showHelp);
  byId("person").addEventListener("click", async () => {
    await flush();
    await askName();
    await goTo();
  });
  addEventListener("hashchange", async () => { await flush(); await goTo(); });
  onLanguage(() => {
    showTheme();
    showCounts();
    if (state.part === "progress" && state.campaign) drawProgress().catch(trouble);
    else if (state.item) drawItem();
    else if (counts) drawDone();
  });
  wireItem({ next, say, trouble, undo: () => undo().catch(trouble) });
  wireKeys({ undo, trouble });
}

async function start() {
  wire();
  await speak(document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  state.campaign = await getCampaign();
  state.reviewer = kept("gleam.review.name") ?? "";
  byId("person").textContent = state.reviewer;
  if (!state.reviewer) await askName();
  await goTo();
}

start().catch(trouble);

/* Unfinished work: in this browser at every keystroke, on the server a moment later. */

import { sendDraft } from "./server.js";
import { changed, state } from "./state.js";
import { keep, kept, t, time } from "./words.js";
import { byId } from "/static/page/dom.js";

const PAUSE_MS = 400;
let timer = 0;
let sending = Promise.resolve();

const key = (pair = state.item.pair_id) =>
  `gleam.review/${state.campaign.benchmark}/${state.campaign.created}/${state.reviewer}/${pair}`;

/** Note that something changed. */
export function touch() {
  const draft = { ...state.work, edited: Date.now() };
  keep(key(), changed() ? JSON.stringify(draft) : null);
  clearTimeout(timer);
  timer = setTimeout(flush, PAUSE_MS);
}

/** Send what has not been sent. */
export function flush() {
  if (!timer) return sending;
  clearTimeout(timer);
  timer = 0;
  if (!state.item || state.work.match === null) return sending;
  const { pair_id } = state.item;
  const draft = changed() ? structuredClone({ ...state.work, edited: Date.now() }) : null;
  // One after the other, or an older draft could arrive last.
  sending = sending.then(() => sendDraft({ pair_id, reviewer: state.reviewer, draft })).then(
    ({ at }) => tell(at ? t("draft.saved", { time: time(at, { timeStyle: "medium" }) }) : ""),
    () => tell(t("draft.local")),
  );
  return sending;
}

/** Return the newest draft of the item, from this browser or the server; null when there is none. */
export function newest(item) {
  let local = null;
  try { local = JSON.parse(kept(key(item.pair_id))); } catch { /* damaged: as if there were none */ }
  const languages = item.languages.map((one) => one.language);
  const fits = (draft) => draft && languages.every((name) => typeof draft.texts?.[name]?.text === "string");
  const found = [local, item.draft].filter(fits).sort((a, b) => b.edited - a.edited)[0];
  if (!found) return null;
  const { match, base } = found;
  return { match, base, texts: Object.fromEntries(languages.map((name) => [name, found.texts[name]])) };
}

/** Keep a draft of an item that is not open yet. */
export function plant(pair, draft) {
  keep(key(pair), JSON.stringify({ ...draft, edited: Date.now() }));
}

/** Forget the draft: it was decided. */
export async function forget({ onServer = false } = {}) {
  clearTimeout(timer);
  timer = 0;
  keep(key(), null);
  await sending;
  if (onServer) await sendDraft({ pair_id: state.item.pair_id, reviewer: state.reviewer, draft: null });
}

const tell = (words) => {
  const place = byId("draft-told");
  if (place) place.textContent = words;
};

addEventListener("pagehide", flush);
document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });

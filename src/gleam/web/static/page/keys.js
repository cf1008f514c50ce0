/* Single keys, for those who do not use a mouse. They can be turned off, and never act while typing. */

import { byId } from "./dom.js";
import { state, update } from "./state.js";
import { choose } from "./photos.js";
import { fit, pick } from "./on_map.js";

let heard = kept() !== "off";

function kept() {
  try { return localStorage.getItem("gleam.keys"); } catch { return null; }
}

export const keysOn = () => heard;
export function turnKeys(on) {
  heard = on;
  try { localStorage.setItem("gleam.keys", on ? "on" : "off"); } catch { /* a private window keeps nothing */ }
}

const press = (id) => () => byId(id)?.click();
const step = (by) => () => {
  const { photos, chosen } = state;
  if (photos.length) choose(photos[(photos.indexOf(chosen) + by + photos.length) % photos.length]);
};

export const KEYS = [
  { key: "O", name: "open", act: press("choose") },
  { key: "Enter", name: "start", act: () => (byId("start") ?? byId("start-here"))?.click(), only: () => document.activeElement === document.body },
  { key: "1 – 9", name: "rank", match: /^[1-9]$/, act: (key) => state.chosen?.result?.answer.candidates.some((c) => c.rank === Number(key)) && pick(Number(key)) },
  { key: "J", name: "next", act: step(1) },
  { key: "K", name: "previous", act: step(-1) },
  { key: "T", name: "table", act: () => state.photos.length > 1 && update({ panel: state.panel === "table" ? "compare" : "table" }) },
  { key: "F", name: "fit", act: () => fit() },
  { key: "H", name: "heat", act: press("heat") },
  { key: "E", name: "enlarge", act: press("enlarge") },
  { key: "C", name: "copy", act: press("copy-position") },
  { key: "L", name: "language", act: () => byId(document.documentElement.lang === "en" ? "speak-zh" : "speak-en").click() },
  { key: "D", name: "theme", act: press("theme") },
  { key: "?", name: "help", act: press("open-help") },
];

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (!heard || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
    const found = KEYS.find(({ key, match, only }) => (match ? match.test(event.key) : key.toLowerCase() === event.key.toLowerCase()) && (only?.() ?? true));
    if (!found) return;
    event.preventDefault();
    found.act(event.key);
  });
}

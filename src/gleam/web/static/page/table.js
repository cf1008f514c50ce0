/* The table of a batch: one row per photo, sortable by every column. */

import { byId, el, fill } from "./dom.js";
import { on, state } from "./state.js";
import { answerOf, byKey, choose } from "./photos.js";
import { chip } from "./parts.js";
import { thumb } from "./photo_list.js";
import { metres, onLanguage, t } from "./text.js";
import { claims, percent, viewName } from "./wording.js";
import { serverSays } from "./server_words.js";
import { errorMetres } from "./truth.js";
import { decimal } from "./positions.js";

const ORDER = { located: 0, ambiguous: 1, not_here: 2, cannot_tell: 3, failed: 4, running: 5, waiting: 6, stopped: 7, ready: 8 };
const statusOf = (photo) => (photo.status === "done" ? photo.result.answer.status : photo.status);
const last = (value) => value ?? Number.POSITIVE_INFINITY;

const COLUMNS = {
  photo: { by: (photo) => photo.name, up: true },
  status: { by: (photo) => ORDER[statusOf(photo)], up: true },
  confidence: { by: (photo) => answerOf(photo)?.probability ?? answerOf(photo)?.candidates[0]?.score ?? -1, up: false, n: true },
  position: { by: (photo) => last(answerOf(photo)?.lat), up: true },
  radius: { by: (photo) => last(answerOf(photo)?.radius95_m), up: true, n: true },
  view: { by: (photo) => answerOf(photo)?.view ?? "~", up: true },
  error: { by: (photo) => last(errorMetres(photo)), up: true, n: true },
};
let sorted = { column: "photo", up: true };

export function wireTable() {
  on(["photos", "chosen", "panel"], render);
  onLanguage(render);
}

function render() {
  const place = byId("table");
  if (state.photos.length < 2 || state.panel !== "table") {
    fill(place);
    return;
  }
  const known = state.photos.some((photo) => photo.truth);
  const columns = Object.entries(COLUMNS).filter(([name]) => known || name !== "error");
  const { by } = COLUMNS[sorted.column];
  const rows = state.photos.map((photo, at) => ({ photo, at, value: by(photo) }));
  rows.sort((a, b) => (sorted.up ? 1 : -1) * order(a.value, b.value) || a.at - b.at);
  fill(place, el("table", { class: "table batch-table" },
    el("caption", { class: "visually-hidden" }, t("table.caption")),
    el("thead", {}, el("tr", {}, columns.map(([name, column]) => heading(name, column)))),
    el("tbody", {}, rows.map(({ photo }) => row(photo, known)))));
}

function order(a, b) {
  if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
  return a === b ? 0 : a < b ? -1 : 1;
}

function heading(name, column) {
  const active = sorted.column === name;
  return el("th", { scope: "col", class: column.n ? "n" : null, "aria-sort": active ? (sorted.up ? "ascending" : "descending") : null },
    el("button", {
      type: "button", class: "sort", id: `sort-${name}`,
      onclick: () => {
        sorted = { column: name, up: active ? !sorted.up : column.up };
        render();
      },
    }, t(`table.${name}`), el("span", { class: "arrow", "aria-hidden": "true" }, active ? (sorted.up ? "↑" : "↓") : "")));
}

function row(photo, known) {
  const answer = answerOf(photo);
  const claimed = answer && claims(answer);
  const error = errorMetres(photo);
  return el("tr", { class: photo === state.chosen ? "chosen" : null },
    el("td", {}, el("button", { type: "button", class: "row-pick", id: `row-${photo.key}`, title: photo.name, onclick: () => choose(byKey(photo.key)) }, thumb(photo), el("span", {}, photo.name))),
    el("td", {}, chip(statusOf(photo)), photo.status === "failed" && el("p", { class: "row-error" }, serverSays(photo.error))),
    el("td", { class: "n" }, answer && answer.probability !== null ? confidence(answer.probability) : "–"),
    el("td", { class: "mono" }, claimed ? decimal(answer) : "–"),
    el("td", { class: "n" }, claimed && answer.radius95_m !== null ? metres(answer.radius95_m) : "–"),
    el("td", {}, answer ? viewName(answer.view) : "–"),
    known && el("td", { class: "n" }, error === null ? "–" : metres(error)));
}

function confidence(p) {
  return el("span", { class: "confidence" }, el("span", { class: "confidence-bar", style: { "--share": String(p) } }), percent(p));
}

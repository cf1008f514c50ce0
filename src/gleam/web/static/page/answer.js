/* The right side: what the answer claims, why, the other candidates, export; or what to do first. */

import { byId, el, fill, icon } from "./dom.js";
import { on, state, update } from "./state.js";
import { locateOne } from "./photos.js";
import { compass, metres, number, onLanguage, t } from "./text.js";
import { calibrated, claims, percent, viewName } from "./wording.js";
import { announce, chip, copyButton, fact } from "./parts.js";
import { serverSays } from "./server_words.js";
import { FORMATS, write } from "./positions.js";
import { bearingDegrees, distanceMetres } from "./geo.js";
import { exportPart, linkPart } from "./export.js";
import { truthPart } from "./truth.js";
import { explanationPart } from "./explanation.js";
import { batchSummary } from "./batch_summary.js";
import { pick } from "./on_map.js";

let format = "decimal";
let announced = null;

export function wireAnswer() {
  on(["photos", "chosen", "rank", "rival", "job", "panel", "atlas", "trouble", "drawing"], render);
  onLanguage(render);
}

export function render() {
  const place = byId("answer");
  const { chosen, job, panel, photos } = state;
  if (photos.length > 1 && (panel === "table" || !chosen) ) fill(place, batchSummary(job));
  else if (!chosen) fill(place, welcome());
  else fill(place, photos.length > 1 && backToAll(), ...answerOf(chosen));
  tell(chosen);
}

function answerOf(photo) {
  const head = el("header", { class: "answer-head" },
    el("h2", { id: "answer-title" }, photo.name || t("photos.unnamed")),
    status(photo));
  if (photo.status === "running") return [head, waiting(photo)];
  if (photo.status === "failed") return [head, failure(photo)];
  if (photo.status !== "done") return [head, el("p", { class: "soft" }, t(photo.status === "waiting" ? "answer.waiting" : "answer.ready"))];
  const { answer } = photo.result;
  return [head, claim(photo, answer), claims(answer) && positionPart(answer), claims(answer) && facts(answer),
    explanationPart(photo), candidates(answer), truthPart(photo), exportPart("results", photo.result.id), linkPart(`/r/${photo.result.id}`),
    details(answer)].filter(Boolean);
}

function status(photo) {
  return photo.status === "done" ? chip(photo.result.answer.status, true) : chip(photo.status, true);
}

function waiting(photo) {
  return el("div", { class: "waiting", "aria-busy": "true" }, el("span", { class: "spinner" }),
    el("p", {}, photo.waitS ? t("busy.sentence", { s: photo.waitS }) : t("answer.searching", { tiles: number(state.atlas?.tiles ?? 0) })));
}

function failure(photo) {
  return el("div", { class: "stack" },
    el("p", { class: "notice bad" }, serverSays(photo.error)),
    photo.file && photo.unreachable && el("button", { type: "button", class: "button", id: "try-again", onclick: () => locateOne(photo) }, t("go.retry")));
}

/** The sentence that matters most, and what its number was measured on. */
function claim(photo, answer) {
  const n = answer.calibration?.n;
  return el("div", { class: "claim" },
    el("p", { class: "claim-words" }, t(`status.${answer.status}.what`)),
    el("p", { class: "claim-number" }, calibrated(answer)),
    answer.probability !== null && el("div", { class: "probability" },
      el("meter", { class: "meter", min: 0, max: 1, value: answer.probability, "aria-label": t("answer.probability") }),
      el("span", { class: "n" }, percent(answer.probability)),
      n && el("span", { class: "soft small" }, t("answer.measured_on", { n: number(n) }))));
}

function positionPart(answer) {
  const text = write(answer, format);
  return el("section", { class: "position", "aria-labelledby": "position-title" },
    el("div", { class: "row spread" },
      el("h3", { id: "position-title" }, t("answer.position")),
      el("div", { class: "segments", role: "group", "aria-label": t("answer.format") }, FORMATS.map((name) =>
        el("button", { type: "button", id: `format-${name}`, "aria-pressed": name === format ? "true" : "false", onclick: () => { format = name; render(); } }, t(`format.${name}`))))),
    el("div", { class: "position-row" },
      el("output", { class: "mono position-text", id: "position" }, text ?? t("format.none")),
      copyButton("copy-position", text, t("answer.copy_position"))));
}

function facts(answer) {
  const told = [];
  if (answer.radius95_m !== null) told.push(fact(t("answer.radius"), t("answer.radius_value", { metres: metres(answer.radius95_m) })));
  if (answer.heading_deg !== null) {
    told.push(fact(t("answer.heading"), t("answer.heading_value", { n: number(answer.heading_deg), compass: compass(answer.heading_deg) }),
      " ", el("span", { class: "soft" }, headingFrom(answer.heading_from))));
  }
  told.push(fact(t("answer.view"), viewName(answer.view), answer.view_detected && el("span", { class: "soft" }, ` ${t("answer.detected")}`)));
  told.push(fact(t("answer.searched"), searchedWords(answer)));
  return el("dl", { class: "facts" }, told);
}

function headingFrom(source) {
  const known = { told: "heading.told", metadata: "heading.metadata", "metadata, reversed": "heading.reversed", search: "heading.search" };
  return source && known[source] ? t(known[source]) : "";
}

function searchedWords(answer) {
  const { searched } = answer;
  if (!searched) return "–";
  return t("answer.searched_value", { km2: number(searched.area_km2, searched.area_km2 < 10 ? 2 : 0), tiles: number(searched.tiles) });
}

function candidates(answer) {
  if (answer.candidates.length === 0) return null;
  const [first] = answer.candidates;
  const best = Math.max(...answer.candidates.map((c) => c.score));
  const rows = answer.candidates.map((c) => el("li", {}, el("button", {
    type: "button", class: "candidate", id: `candidate-${c.rank}`, "aria-pressed": c.rank === state.rank ? "true" : "false",
    onclick: () => pick(c.rank),
  },
  el("span", { class: `pin-mark ${c.rank === 1 ? "winner" : c.rank === state.rival ? "rival" : "other"}` }, String(c.rank)),
  el("span", { class: "candidate-bar" }, el("span", { class: "candidate-fill", style: { "--share": String(Math.max(0, c.score / Math.max(best, 0.01))) } })),
  el("span", { class: "n" }, number(c.score, 2)),
  el("span", { class: "soft small n" }, c.rank === 1 ? t("candidates.best") : t("candidates.away", {
    metres: metres(distanceMetres(first, c)), compass: compass(bearingDegrees(first, c)),
  })))));
  return el("section", { class: "candidates", "aria-labelledby": "candidates-title" },
    el("h3", { id: "candidates-title" }, t("candidates.title")),
    el("p", { class: "hint" }, t("candidates.hint")),
    el("ol", { class: "candidate-list" }, rows));
}

function details(answer) {
  const imagery = (answer.searched?.imagery ?? []).map((i) => [i.name, i.date, i.licence].filter(Boolean).join(", ")).join("; ");
  const seconds = Object.values(answer.timing_s ?? {}).reduce((sum, s) => sum + s, 0);
  const said = [...(answer.warnings ?? []), ...(answer.notes ?? [])];
  return el("details", { class: "details", id: "details", open: state.details, ontoggle: (event) => { state.details = event.target.open; } },
    el("summary", {}, t("details.title")),
    el("dl", { class: "facts" },
      imagery && fact(t("details.imagery"), imagery),
      fact(t("details.time"), t("unit.ms", { n: number(1000 * seconds) })),
      fact(t("details.encoder"), `${answer.encoder?.name ?? "–"} `, el("code", {}, (answer.encoder?.fingerprint ?? "").slice(0, 16))),
      fact(t("details.atlas"), `${answer.atlas?.name ?? "–"} `, el("code", {}, (answer.atlas?.fingerprint ?? "").slice(0, 16))),
      answer.radius95_from && fact(t("details.radius_from"), serverSays(answer.radius95_from))),
    said.length > 0 && el("h4", {}, t("details.notes")),
    said.length > 0 && el("ul", { class: "notes" }, said.map((note) => el("li", {}, serverSays(note)))));
}

function backToAll() {
  return el("button", { type: "button", class: "button quiet back", id: "back", onclick: () => update({ panel: "table" }) }, icon("back"), t("batch.back"));
}

function welcome() {
  const { atlas, trouble } = state;
  const step = (key) => el("li", {}, el("strong", {}, t(`welcome.${key}`)), el("span", { class: "soft" }, t(`welcome.${key}.what`)));
  return el("div", { class: "welcome" },
    el("h2", { id: "answer-title" }, t("welcome.title")),
    el("ol", { class: "steps" }, step("drop"), step("look"), step("check")),
    atlas && el("p", { class: "notice" }, t("welcome.area", { name: atlas.name, tiles: number(atlas.tiles) })),
    !atlas && !trouble && el("p", { class: "soft" }, t("welcome.loading")),
    el("p", { class: "soft small" }, t("welcome.privacy")));
}

/** Say the outcome aloud once per answer. */
function tell(photo) {
  const outcome = photo && (photo.result ?? (photo.status === "failed" ? photo.error : null));
  if (!outcome || outcome === announced) return;
  announced = outcome;
  if (photo.status === "failed") announce(t("say.failed", { name: photo.name, error: photo.error }));
  else announce(`${t(`status.${photo.result.answer.status}`)}. ${calibrated(photo.result.answer)}`);
}

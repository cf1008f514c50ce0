/* The right side, above: what the answer claims and where that is; or what to do first. */

import { byId, el, fill, icon } from "./dom.js";
import { on, state, update } from "./state.js";
import { locateOne, shownPhoto } from "./photos.js";
import { compass, metres, number, onLanguage, t } from "./text.js";
import { calibrated, claims, percent, viewName } from "./wording.js";
import { announce, chip, copyButton, fact } from "./parts.js";
import { serverSays } from "./server_words.js";
import { NOTATIONS, decimal } from "./positions.js";
import { batchSummary } from "./batch_summary.js";

let notation = "decimal";
let announced = null;

export function wireAnswer() {
  on(["photos", "chosen", "rank", "rival", "job", "panel", "atlas", "trouble", "drawing"], render);
  onLanguage(render);
}

function render() {
  const place = byId("answer");
  const { chosen, job, photos } = state;
  if (photos.length === 0) fill(place, welcome());
  else if (!shownPhoto()) fill(place, batchSummary(job));
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
  return [head, claim(photo, answer), claims(answer) && positionPart(photo), facts(answer)];
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

/** The position in three notations; of the runner-up when that is looked at. */
function positionPart(photo) {
  const text = notationsOf(photo, state.rank)?.[notation];
  return el("section", { class: "position", "aria-labelledby": "position-title" },
    el("div", { class: "row spread" },
      el("h3", { id: "position-title" }, state.rank === 1 ? t("answer.position") : t("answer.position_of", { rank: state.rank })),
      el("div", { class: "segments", role: "group", "aria-label": t("answer.notation") }, NOTATIONS.map((name) => el("button", {
        type: "button", id: `notation-${name}`, "aria-pressed": name === notation ? "true" : "false",
        onclick: () => {
          notation = name;
          render();
        },
      }, t(`notation.${name}`))))),
    el("div", { class: "position-row" },
      el("output", { class: "mono position-text", id: "position" }, text ?? "–"),
      copyButton("copy-position", text, t("answer.copy_position"))));
}

function notationsOf(photo, rank) {
  const { positions, position, answer } = photo.result;
  if (rank > 1) return positions?.[0]?.candidates[rank - 1] ?? { decimal: decimal(answer.candidates[rank - 1]) };
  return positions?.[0]?.answer ?? position;
}

function facts(answer) {
  const told = [];
  if (claims(answer) && answer.radius95_m !== null) told.push(fact(t("answer.radius"), t("answer.radius_value", { metres: metres(answer.radius95_m) })));
  if (claims(answer) && answer.heading_deg !== null) {
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

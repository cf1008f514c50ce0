/* The right side, below: why, the other candidates, the truth, files to take along, details. */

import { byId, el, fill } from "./dom.js";
import { on, state } from "./state.js";
import { shownPhoto } from "./photos.js";
import { compass, metres, number, onLanguage, t } from "./text.js";
import { fact } from "./parts.js";
import { serverSays } from "./server_words.js";
import { bearingDegrees, distanceMetres } from "./geo.js";
import { exportPart, linkPart } from "./export.js";
import { truthPart } from "./truth.js";
import { explanationPart } from "./explanation.js";
import { pick } from "./on_map.js";
import { percent } from "./wording.js";

const FEW = 5;
let all = false;

export function wireReasons() {
  on(["photos", "chosen", "rank", "rival", "panel", "atlas", "drawing"], render);
  onLanguage(render);
}

function render() {
  const place = byId("reasons");
  const photo = shownPhoto();
  place.hidden = photo?.status !== "done";
  if (place.hidden) {
    fill(place);
    return;
  }
  const { id, answer } = photo.result;
  fill(place, explanationPart(photo), candidates(answer), truthPart(photo), id && exportPart("results", id), id && linkPart(`/r/${id}`), details(answer));
}

function candidates(answer) {
  if (answer.candidates.length === 0) return null;
  const [first] = answer.candidates;
  const best = Math.max(...answer.candidates.map((c) => c.score));
  const shown = answer.candidates.slice(0, all ? undefined : FEW);
  const rows = shown.map((c) => el("li", {}, el("button", {
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
    el("ol", { class: "candidate-list" }, rows),
    answer.candidates.length > shown.length && el("button", {
      type: "button", class: "button quiet small", id: "more-candidates",
      onclick: () => {
        all = true;
        render();
      },
    }, t("candidates.all", { n: answer.candidates.length })));
}

function details(answer) {
  const imagery = (answer.searched?.imagery ?? []).map((i) => [i.name, i.date, i.licence].filter(Boolean).join(", ")).join("; ");
  const seconds = Object.values(answer.timing_s ?? {}).reduce((sum, s) => sum + s, 0);
  const said = [...(answer.warnings ?? []), ...(answer.notes ?? [])];
  return el("details", { class: "details", id: "details", open: state.details, ontoggle: (event) => { state.details = event.target.open; } },
    el("summary", {}, t("details.title")),
    el("dl", { class: "facts" },
      imagery && fact(t("details.imagery"), imagery),
      answer.probability_here != null && fact(t("details.here"), percent(answer.probability_here)),
      fact(t("details.time"), t("unit.ms", { n: number(1000 * seconds) })),
      fact(t("details.encoder"), `${answer.encoder?.name ?? "–"} `, el("code", {}, (answer.encoder?.fingerprint ?? "").slice(0, 16))),
      fact(t("details.atlas"), `${answer.atlas?.name ?? "–"} `, el("code", {}, (answer.atlas?.fingerprint ?? "").slice(0, 16))),
      answer.radius95_from && fact(t("details.radius_from"), serverSays(answer.radius95_from))),
    said.length > 0 && el("h4", {}, t("details.notes")),
    said.length > 0 && el("ul", { class: "notes" }, said.map((note) => el("li", {}, serverSays(note)))));
}

/* Comparing an answer with where the photo was really taken, where that is known. */

import { byId, el, icon } from "./dom.js";
import { state, update } from "./state.js";
import { askMetadata, touched } from "./photos.js";
import { compass, metres, t } from "./text.js";
import { bearingDegrees, distanceMetres } from "./geo.js";
import { claims } from "./wording.js";
import { decimal, read } from "./positions.js";

/** Put a true position on the chosen photo; `from`: "typed", "map", "exif" or "table". */
export function setTruth(photo, position, from) {
  photo.truth = position && { ...position, from };
  touched();
}

/** Return the error of a photo's answer in metres, or null when the truth or a claim is missing. */
export function errorMetres(photo) {
  const answer = photo.result?.answer;
  return photo.truth && answer && claims(answer) ? distanceMetres(photo.truth, answer) : null;
}

export function truthPart(photo) {
  const open = Boolean(photo.truth) || state.truthOpen;
  return el("details", { class: "truth", id: "truth", open, ontoggle: (event) => { state.truthOpen = event.target.open; } },
    el("summary", {}, t("truth.title")), photo.truth ? outcome(photo) : ask(photo));
}

function outcome(photo) {
  const { truth } = photo;
  const { answer } = photo.result;
  const away = errorMetres(photo);
  const words = away === null ? t("truth.no_claim") : t("truth.away", { metres: metres(away), compass: compass(bearingDegrees(truth, answer)) });
  const inside = away !== null && answer.radius95_m !== null ? t(away <= answer.radius95_m ? "truth.inside" : "truth.outside") : "";
  return el("div", { class: "stack" },
    el("p", { class: "truth-words", id: "truth-error" }, el("strong", {}, words), " ", inside),
    el("p", { class: "hint" }, t(`truth.from.${truth.from}`), " ", el("span", { class: "mono" }, decimal(truth))),
    el("div", {}, el("button", { type: "button", class: "button quiet", id: "forget-truth", onclick: () => setTruth(photo, null) }, t("truth.forget"))));
}

function ask(photo) {
  const take = () => {
    const input = byId("truth-text");
    const position = read(input.value);
    input.setAttribute("aria-invalid", position ? "false" : "true");
    byId("truth-problem").textContent = position ? "" : t("truth.unreadable");
    if (position) setTruth(photo, position, "typed");
  };
  return el("div", { class: "stack" },
    el("label", { class: "field" }, el("span", {}, t("truth.position")),
      el("input", { id: "truth-text", class: "mono", autocomplete: "off", placeholder: t("truth.example"), "aria-describedby": "truth-problem", onkeydown: (event) => event.key === "Enter" && take() }),
      el("span", { class: "hint warned", id: "truth-problem", role: "status" })),
    el("div", { class: "row" },
      el("button", { type: "button", class: "button", id: "truth-take", onclick: take }, t("truth.compare")),
      el("button", { type: "button", class: "button", id: "truth-map", "aria-pressed": state.drawing === "truth" ? "true" : "false", onclick: () => update({ drawing: state.drawing === "truth" ? null : "truth" }) }, icon("pin"), t("truth.on_map")),
      photo.metadata?.has_position && el("button", { type: "button", class: "button", id: "truth-exif", onclick: () => takeExif(photo) }, t("truth.exif"))));
}

async function takeExif(photo) {
  if (!photo.metadata.position) await askMetadata(photo, true);
  if (photo.metadata.position) setTruth(photo, photo.metadata.position, "exif");
}

/** Read a table of true positions: a CSV with columns photo (or name, file, path), lat and lon. */
export function readTruths(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/).filter((row) => row.trim());
  const split = (row) => [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] ?? m[2]).replaceAll('""', '"').trim());
  const head = split(lines[0] ?? "").map((name) => name.toLowerCase());
  const column = (...names) => names.map((name) => head.indexOf(name)).find((at) => at >= 0) ?? -1;
  const [name, lat, lon] = [column("photo", "name", "file", "image", "path"), column("lat", "latitude"), column("lon", "lng", "longitude")];
  if (name < 0 || lat < 0 || lon < 0) return null;
  const truths = new Map();
  for (const row of lines.slice(1).map(split)) {
    const position = read(`${row[lat]}, ${row[lon]}`);
    if (position) truths.set(row[name].split(/[\\/]/).pop(), position);
  }
  return truths;
}

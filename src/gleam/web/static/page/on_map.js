/* What the map shows of the chosen answer, of a batch, and of the atlas. */

import { byId, el, fill } from "./dom.js";
import { boxRing, circleRing, wedgeRing, wktRing } from "./geo.js";
import { addLayers, addPin, clearPins, draw, line, outside, point, polygon, setHeatWidth } from "./map_layers.js";
import { show } from "./map.js";
import { on, state, update } from "./state.js";
import { answerOf, choose, shownPhoto } from "./photos.js";
import { number, onLanguage, t } from "./text.js";
import { claims } from "./wording.js";

const SHARPNESS = 0.08; // similarity that a place may lack before its heat falls to 1/e
const SEEN_TILES = 1.3; // radius of the ground brought into view, in widths of a tile
const WINNER = "#2f7bff";
const RIVAL = "#ff9a3d";
const OTHER = "#ffffff";
const STATUS_COLOUR = { located: "#22a565", ambiguous: "#e0a100", not_here: "#8088a8", cannot_tell: "#8088a8" };

let map = null;
let shown = null;

export function wireMap(given) {
  map = given;
  addLayers(map);
  on(["photos", "chosen", "rank", "rival", "heat", "panel"], render);
  onLanguage(render);
  byId("fit").addEventListener("click", fit);
  byId("heat").addEventListener("click", () => update({ heat: !state.heat }));
  map.on("click", "batch", (event) => {
    const photo = state.photos.find((one) => one.key === event.features[0].properties.key);
    if (photo) choose(photo);
  });
  for (const [type, cursor] of [["mouseenter", "pointer"], ["mouseleave", ""]]) {
    map.on(type, "batch", () => { map.getCanvas().style.cursor = cursor; });
  }
  render();
}

const atlasRing = () => boxRing(state.atlas.bounds);

/** The ground that an answer searched. */
function searchedRing(answer) {
  const prior = answer?.prior;
  if (typeof prior?.radius_m === "number") return circleRing(prior, prior.radius_m);
  if (typeof prior?.south === "number") return boxRing(prior);
  return atlasRing();
}

export function fit() {
  // The panel under the map may just have come or gone.
  map.resize();
  const answer = answerOf(shownPhoto());
  if (answer && claims(answer)) show(answerPoints(answer));
  else show(batchPoints().length ? batchPoints() : searchedRing(answer));
}

function answerPoints(answer) {
  const near = answer.candidates.slice(0, answer.status === "ambiguous" ? 3 : 1).map((c) => [c.lon, c.lat]);
  const truth = state.chosen.truth;
  // Ground around it, so that the place can be recognised and the heat be seen.
  const points = [...near, ...regionRings(answer).flat(), ...circleRing(answer, SEEN_TILES * state.atlas.tile_m)];
  return truth ? [...points, [truth.lon, truth.lat]] : points;
}

function batchPoints() {
  return state.photos.map(answerOf).filter((a) => a && claims(a)).map((a) => [a.lon, a.lat]);
}

/** The pieces of the 95 % region; several where an ambiguous answer leaves several places open. */
function regionRings(answer) {
  if (answer.region95?.length) {
    return [answer.region95, ...answer.region95_others ?? []].map((corners) => {
      const ring = corners.map(([lat, lon]) => [lon, lat]);
      return [...ring, ring[0]];
    });
  }
  // A circle speaks of one place: an ambiguous answer without a region has none to draw.
  return answer.status === "located" && answer.radius95_m ? [circleRing(answer, answer.radius95_m)] : [];
}

function render() {
  const photo = shownPhoto();
  const answer = answerOf(photo);
  clearPins();
  const ring = searchedRing(answer);
  draw(map, "outside", [outside(ring)]);
  draw(map, "searched", [line(ring)]);
  byId("heat").setAttribute("aria-pressed", state.heat ? "true" : "false");
  byId("heat").hidden = !photo?.result?.scores?.length;
  drawHeat(state.heat ? photo?.result?.scores ?? [] : []);
  drawAnswer(photo, answer);
  drawBatch(photo);
  legend(answer);
  credit();
  // The view moves once for each new answer, and then only when asked.
  const now = answer ? photo.result : null;
  const table = state.photos.length > 1 && !photo;
  if ((now && now !== shown) || (table && shown !== "table")) requestAnimationFrame(fit);
  shown = now ?? (table ? "table" : shown);
}

function drawHeat(scores) {
  const best = Math.max(...scores.map((s) => s.score), -1);
  draw(map, "heat", scores.map((s) => point(s, { weight: Math.exp((s.score - best) / SHARPNESS) })));
  if (scores.length) setHeatWidth(map, 1.7 * state.atlas.stride_m, scores[0].lat);
}

function drawAnswer(photo, answer) {
  const claimed = Boolean(answer && claims(answer));
  draw(map, "region", claimed ? regionRings(answer).map((ring) => polygon([ring])) : []);
  draw(map, "wedge", claimed && answer.heading_deg !== null && answer.view !== "map" ? [wedge(answer)] : []);
  draw(map, "footprints", answer ? footprints(answer) : []);
  const truth = answer ? photo.truth : null;
  draw(map, "truth-line", truth && claimed ? [line([[truth.lon, truth.lat], [answer.lon, answer.lat]])] : []);
  if (truth) addPin(map, truth, { kind: "truth", text: "", label: t("map.truth") });
  // Lower ranks first, so that the best lies on top.
  for (const candidate of [...(answer?.candidates ?? [])].reverse()) {
    const chosen = candidate.rank === state.rank;
    const kind = candidate.rank === 1 ? "winner" : candidate.rank === state.rival ? "rival" : "other";
    addPin(map, candidate, {
      kind: claimed ? kind : `${kind} unclaimed`, text: String(candidate.rank), pressed: chosen,
      label: t("map.candidate", { rank: candidate.rank, score: number(candidate.score, 2) }),
      onclick: () => pick(candidate.rank),
    });
  }
}

/** Choose a candidate to be explained; beyond the best it also becomes the one beside it. */
export function pick(rank) {
  update(rank === 1 ? { rank, panel: "compare" } : { rank, rival: rank, panel: "compare" });
}

function wedge(answer) {
  const width = answer.view === "panorama" ? 24 : Math.min(150, answer.pose?.fov_deg ?? 60);
  const length = Math.max(60, 0.9 * state.atlas.tile_m);
  const apex = answer.camera_lat !== null ? { lat: answer.camera_lat, lon: answer.camera_lon } : answer;
  return polygon([wedgeRing(apex, answer.heading_deg, width, length)]);
}

function footprints(answer) {
  return answer.candidates.filter((c) => c.rank === 1 || c.rank === state.rival)
    .map((c) => line(wktRing(c.footprint), { colour: c.rank === 1 ? WINNER : RIVAL }));
}

function drawBatch(photo) {
  const others = state.photos.length > 1 && !photo ? state.photos : [];
  draw(map, "batch", others.filter((one) => answerOf(one) && claims(answerOf(one)))
    .map((one) => point(answerOf(one), { key: one.key, colour: STATUS_COLOUR[answerOf(one).status] ?? OTHER })));
}

function legend(answer) {
  const entries = [["searched", "map.legend.searched"]];
  if (answer) {
    if (claims(answer) && regionRings(answer).length) entries.push(["region", "map.legend.region"]);
    if (claims(answer) && answer.heading_deg !== null && answer.view !== "map") entries.push(["wedge", "map.legend.heading"]);
    if (state.heat && state.chosen?.result?.scores?.length) entries.push(["heat", "map.legend.heat"]);
    if (shownPhoto()?.truth) entries.push(["truth", "map.legend.truth"]);
  }
  fill(byId("legend"), entries.map(([kind, key]) => el("span", {}, el("i", { class: `key key-${kind}` }), t(key))));
}

/** Whose imagery it is. */
function credit() {
  const said = state.atlas.imagery.slice(0, 2).map((i) => [i.name, i.date, i.licence].filter(Boolean).join(", "));
  byId("credit").textContent = t("map.credit", { imagery: said.join("; ") });
}


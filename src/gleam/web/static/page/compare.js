/* Under the map: the photo beside the best place and the runner-up, equally large, with numbered regions. */

import { tileImage } from "./api.js";
import { byId, el, fill, icon } from "./dom.js";
import { on, state, update } from "./state.js";
import { compass, metres, number, onLanguage, t } from "./text.js";
import { overlay } from "./regions.js";
import { candidateOf, regionsOf, verdictOf } from "./verdicts.js";
import { claims, viewName } from "./wording.js";
import { bearingDegrees, distanceMetres } from "./geo.js";

const sizes = new Map();

export function wireCompare() {
  on(["photos", "chosen", "rank", "rival", "panel", "big"], render);
  onLanguage(render);
}

function render() {
  const photo = state.chosen;
  const several = state.photos.length > 1;
  const usable = Boolean(photo?.result?.answer.candidates.length);
  byId("bottom").hidden = !(several || usable);
  document.body.classList.toggle("big-bottom", state.big);
  renderHead(several, usable);
  const table = several && (state.panel === "table" || !usable);
  byId("table").hidden = !table;
  byId("compare").hidden = table;
  if (!usable || table) {
    fill(byId("compare"));
    return;
  }
  const place = byId("compare");
  // A panorama gets a wider column than the tiles.
  const ratio = ratioOf(photo.url ?? photo.result.preview);
  place.style.setProperty("--photo", `${Math.min(2.2, Math.max(1, 0.85 * ratio))}fr`);
  fill(place, photoFigure(photo), tileFigure(photo, 1), tileFigure(photo, state.rival));
}

function renderHead(several, usable) {
  const tabs = several && el("div", { class: "segments", role: "group", "aria-label": t("panel.choose") },
    tab("table", t("panel.table", { n: state.photos.length })), usable && tab("compare", t("panel.compare")));
  fill(byId("bottom-head"),
    several ? tabs : el("h2", { id: "bottom-title" }, t("panel.compare")),
    several && el("h2", { id: "bottom-title", class: "visually-hidden" }, t(state.panel === "table" ? "panel.table_title" : "panel.compare")),
    usable && state.panel === "compare" && el("p", { class: "key-line small" },
      el("span", {}, el("i", { class: "line-for" }), t("region.key_for")), el("span", {}, el("i", { class: "line-against" }), t("region.key_against"))),
    el("button", { type: "button", class: "button quiet icon enlarge", id: "enlarge", "aria-pressed": state.big ? "true" : "false", "aria-label": t("panel.enlarge"), title: t("panel.enlarge"), onclick: () => update({ big: !state.big }) }, icon(state.big ? "shrink" : "expand")));
}

function tab(name, words) {
  return el("button", { type: "button", id: `tab-${name}`, "aria-pressed": state.panel === name ? "true" : "false", onclick: () => update({ panel: name }) }, words);
}

function photoFigure(photo) {
  const source = photo.url ?? photo.result.preview;
  const caption = el("figcaption", {}, el("strong", {}, t("compare.photo")), el("span", { class: "soft" }, viewName(photo.result.answer.view)));
  if (!source) {
    return el("figure", { class: "shot photo-shot" }, el("div", { class: "gone" }, icon("photo"), el("p", {}, t("compare.gone"))), caption);
  }
  return el("figure", { class: "shot photo-shot" }, picture(source, t("compare.photo_alt", { name: photo.name }), photo, state.rank, "query_box"), caption);
}

function tileFigure(photo, rank) {
  const candidate = candidateOf(photo, rank);
  if (!candidate) return el("figure", { class: "shot" }, el("div", { class: "gone" }, el("p", {}, t("compare.no_rival"))));
  const first = candidateOf(photo, 1);
  const role = rank === 1 ? "winner" : "rival";
  const active = state.rank === rank;
  const away = rank === 1 ? null : t("candidates.away", { metres: metres(distanceMetres(first, candidate)), compass: compass(bearingDegrees(first, candidate)) });
  return el("figure", { class: `shot tile-shot ${role}${active ? " active" : ""}`, onclick: () => state.rank !== rank && update({ rank }) },
    picture(tileImage(candidate.tile), t("compare.tile_alt", { rank }), photo, rank, active ? "tile_box" : null),
    el("figcaption", {},
      el("button", { type: "button", class: "caption-pick", id: `explain-${role}`, "aria-pressed": active ? "true" : "false" },
        el("span", { class: `pin-mark ${role}` }, String(rank)),
        el("strong", {}, t(rank === 1 ? (claims(photo.result.answer) ? "compare.best" : "compare.closest") : rank === 2 ? "compare.runner_up" : "compare.other", { rank }))),
      el("span", { class: "soft n" }, [t("compare.score", { score: number(candidate.score, 2) }), away].filter(Boolean).join(" · "))));
}

/** A picture with its regions, when both are there; `box` tells which, null for none. */
function picture(source, alt, photo, rank, box) {
  const image = el("img", { src: source, alt, class: "shot-image" });
  const frame = el("div", { class: "frame" }, image);
  const size = sizes.get(source);
  if (size) dress(frame, size, photo, rank, box);
  else {
    image.addEventListener("load", () => {
      sizes.set(source, { width: image.naturalWidth, height: image.naturalHeight });
      render();
    }, { once: true });
    image.addEventListener("error", () => {
      frame.replaceWith(el("div", { class: "gone" }, icon("photo"), el("p", {}, t("compare.not_shown"))));
    }, { once: true });
  }
  return el("div", { class: "stage" }, frame);
}

function dress(frame, size, photo, rank, box) {
  frame.style.setProperty("--ratio", String(size.width / size.height));
  // The photo carries the regions of the pair that is being explained.
  if (!box) return;
  const verdict = regionsOf(photo, rank);
  const whole = box === "query_box" ? photo.metadata?.width ? photo.metadata : size : size;
  if (verdict) frame.append(overlay(verdict, rank, box, whole));
  else if (verdictOf(photo, rank)?.loading) frame.append(el("span", { class: "spinner over" }));
}

function ratioOf(source) {
  const size = sizes.get(source);
  return size ? size.width / size.height : 1;
}

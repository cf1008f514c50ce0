/* The left side: the photos, what the metadata of the chosen one says, and the one button that starts. */

import { byId, el, fill, icon } from "./dom.js";
import { hint, on, state } from "./state.js";
import { byKey, askMetadata, choose, locateOne, remove, removeAll } from "./photos.js";
import { isRunning, numberIn, runBatch } from "./batch.js";
import { stale } from "./hints.js";
import { count, onLanguage, t } from "./text.js";
import { chip } from "./parts.js";
import { serverSays } from "./server_words.js";

const MOST_SHOWN = 200;

let open = matchMedia("(min-width: 701px)").matches;

export function wirePhotoList() {
  on(["photos", "chosen"], renderList);
  on(["photos", "chosen"], renderMetadata);
  on(["photos", "chosen", "hints", "job", "atlas"], renderGo);
  onLanguage(() => { renderList(); renderMetadata(); renderGo(); });
}

function renderList() {
  const { photos, chosen } = state;
  const small = photos.length > 0;
  byId("drop").classList.toggle("small", small);
  for (const [id, key] of [["choose", "photos"], ["choose-folder", "folder"]]) {
    const words = byId(id).querySelector("[data-t]");
    words.dataset.t = small ? `drop.add_${key}` : `drop.choose_${key}`;
    words.textContent = t(words.dataset.t);
  }
  if (photos.length === 0) {
    fill(byId("photos"));
    return;
  }
  const shown = photos.slice(0, MOST_SHOWN);
  const head = el("div", { class: "photos-head" },
    el("h2", {}, count("photos", photos.length)),
    el("button", { type: "button", class: "button quiet", id: "clear", onclick: removeAll }, t("photos.clear")));
  const list = el("ul", { class: photos.length > 3 ? "photo-list dense" : "photo-list" }, shown.map((photo) => item(photo, photo === chosen)));
  fill(byId("photos"), head, list,
    photos.length > MOST_SHOWN && el("p", { class: "hint" }, t("photos.more", { n: photos.length - MOST_SHOWN })));
}

function item(photo, chosen) {
  const name = photo.name || t("photos.unnamed");
  return el("li", { class: chosen ? "photo chosen" : "photo" },
    el("button", {
      type: "button", class: "photo-pick", id: `pick-${photo.key}`, "aria-current": chosen ? "true" : "false", title: name,
      onclick: () => choose(byKey(photo.key)),
    },
    thumb(photo),
    el("span", { class: "photo-name" }, name),
    statusOf(photo)),
    el("button", { type: "button", class: "button quiet icon", id: `remove-${photo.key}`, "aria-label": t("photos.remove", { name }), title: t("photos.remove", { name }), onclick: () => remove(byKey(photo.key)) }, icon("close")),
    photo.status === "failed" && el("p", { class: "photo-error", role: "alert" }, icon("warning"), serverSays(photo.error)));
}

export function thumb(photo) {
  if (!photo.url) return el("span", { class: "thumb none" }, icon("photo"));
  const picture = el("img", { class: "thumb", src: photo.url, alt: "", loading: "lazy", decoding: "async" });
  // Some formats (TIFF) the server reads and the browser does not.
  picture.addEventListener("error", () => picture.replaceWith(el("span", { class: "thumb none" }, icon("photo"))));
  return picture;
}

function statusOf(photo) {
  if (photo.status === "running") {
    return el("span", { class: "chip waiting" }, el("span", { class: "spinner" }), photo.waitS ? t("busy.in", { s: photo.waitS }) : t("status.running"));
  }
  if (photo.status === "ready") return null;
  return chip(photo.status === "done" ? photo.result.answer.status : photo.status);
}

function renderMetadata() {
  const photo = state.chosen;
  const place = byId("metadata");
  if (!photo?.file) {
    fill(place);
    return;
  }
  if (!photo.metadata) {
    fill(place, photo.metadataError && el("p", { class: "notice bad" }, serverSays(photo.metadataError)));
    return;
  }
  fill(place, el("details", { class: "card metadata-card", id: "metadata-card", open: open, ontoggle: (event) => { open = event.target.open; } },
    el("summary", {}, t("metadata.title"), " ", el("span", { class: "soft" }, gist(photo))),
    fields(photo), position(photo),
    photo.metadata.warnings?.map((warning) => el("p", { class: "hint warned" }, serverSays(warning)))));
}

/** One line: how much there is, and what became of the position. */
function gist(photo) {
  const { pose = {}, has_position: where } = photo.metadata;
  const n = Object.values(pose).filter((value) => typeof value === "number").length;
  const said = [count("metadata.fields", n)];
  if (where) said.push(t(photo.result?.answer?.prior_from === "exif" ? "metadata.gist_used" : "metadata.gist_unused"));
  return said.join(" · ");
}

const POSE = ["heading_deg", "pitch_deg", "roll_deg", "height_m", "fov_deg", "ground_width_m"];

/** What the file says of its camera, and whether the answer used it. */
function fields(photo) {
  const pose = photo.metadata.pose ?? {};
  const answer = photo.result?.answer;
  const rows = POSE.filter((name) => typeof pose[name] === "number").map((name) => {
    const used = answer ? answer.pose_from?.[name] === "metadata" : null;
    return el("li", {}, el("span", {}, t(`pose.${name}`)), el("span", { class: "n" }, t(`pose.${name}.value`, { n: String(Math.round(pose[name] * 10) / 10) })), fate(used));
  });
  if (photo.metadata.taken) {
    rows.push(el("li", {}, el("span", {}, t("metadata.taken")), el("span", { class: "n" }, photo.metadata.taken.replace("T", " ").slice(0, 16)), fate(false)));
  }
  if (rows.length === 0 && !photo.metadata.has_position) return el("p", { class: "hint" }, t("metadata.nothing"));
  return el("ul", { class: "metadata-list" }, rows);
}

function fate(used) {
  if (used === null) return el("span", { class: "soft small" });
  return el("span", { class: used ? "fate used" : "fate" }, t(used ? "metadata.used" : "metadata.not_used"));
}

/** The position in the file: hidden until asked for, and used only when asked for. */
function position(photo) {
  const { has_position: there, position: found } = photo.metadata;
  if (!there) return null;
  const shown = found !== null;
  const used = photo.result?.answer?.prior_from === "exif";
  return el("div", { class: "metadata-position" },
    el("div", { class: "row spread" },
      el("span", {}, t("metadata.position"), " ", shown ? el("span", { class: "mono" }, `${found.lat.toFixed(5)}, ${found.lon.toFixed(5)}`) : el("span", { class: "soft" }, t("metadata.hidden"))),
      fate(photo.result ? used : null)),
    !shown && el("button", { type: "button", class: "button quiet", id: "show-position", onclick: () => askMetadata(photo, true) }, t("metadata.show")),
    el("label", { class: "check small" },
      el("input", { type: "checkbox", id: "use-exif", checked: state.hints.area === "exif", onchange: (event) => hint({ area: event.target.checked ? "exif" : "all" }) }),
      el("span", {}, t("metadata.use"))));
}

/** The one button that starts, whatever there is to start. */
function renderGo() {
  const { photos, chosen, job } = state;
  const waiting = photos.filter((photo) => photo.file && (photo.status === "ready" || photo.unreachable));
  let button = null;
  if (waiting.length > 1 && !(job && isRunning(job))) {
    button = el("button", { type: "button", class: "button primary", id: "start", onclick: () => runBatch(waiting) }, count("go.batch", waiting.length));
  } else if (chosen?.file && chosen.status !== "running" && !(job && isRunning(job)) && (chosen.status !== "done" || stale(chosen)) && !(chosen.status === "done" && numberIn(job, chosen))) {
    const again = chosen.status === "done" ? "go.again" : chosen.status === "failed" ? "go.retry" : "go.one";
    button = el("button", { type: "button", class: "button primary", id: "start", disabled: !state.atlas, onclick: () => locateOne(chosen) }, t(again));
  }
  const place = byId("go");
  place.hidden = button === null;
  fill(place, button);
}


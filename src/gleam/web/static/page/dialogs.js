/* Two dialogs: the keys, and what is searched. */

import { byId, el, fill, icon } from "./dom.js";
import { on, state } from "./state.js";
import { metres, number, onLanguage, t } from "./text.js";
import { KEYS, keysOn, turnKeys } from "./keys.js";
import { fact } from "./parts.js";

export function wireDialogs() {
  byId("open-help").addEventListener("click", openHelp);
  byId("open-area").addEventListener("click", () => byId("area").showModal());
  on(["atlas"], render);
  onLanguage(render);
}

export function openHelp() {
  byId("help").showModal();
}

function render() {
  const { atlas } = state;
  byId("open-area").hidden = !atlas;
  if (atlas) fill(byId("open-area"), icon("box"), el("span", {}, t("area_dialog.button", { name: atlas.name })));
  fill(byId("help"), help());
  fill(byId("area"), atlas ? about(atlas) : null);
}

function closing(id) {
  return el("div", { class: "dialog-end" }, el("button", { type: "button", class: "button", onclick: () => byId(id).close() }, t("close")));
}

function help() {
  return el("div", { class: "stack" },
    el("h2", { id: "help-title" }, t("help.title")),
    el("dl", { class: "keys" }, KEYS.map(({ key, name }) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, t(`keys.${name}`))))),
    el("label", { class: "check" }, el("input", { type: "checkbox", id: "keys-on", checked: keysOn(), onchange: (event) => turnKeys(event.target.checked) }), el("span", {}, t("help.keys_on"))),
    el("h3", {}, t("help.words")),
    el("dl", { class: "words" }, ["located", "ambiguous", "not_here", "cannot_tell"].map((status) => fact(t(`status.${status}`), t(`status.${status}.meaning`)))),
    closing("help"));
}

function about(atlas) {
  return el("div", { class: "stack" },
    el("h2", { id: "area-title" }, t("area_dialog.title", { name: atlas.name })),
    el("dl", { class: "facts" },
      fact(t("area_dialog.tiles"), t("area_dialog.tiles_value", { n: number(atlas.tiles), metres: metres(atlas.tile_m) })),
      fact(t("details.encoder"), `${atlas.encoder.name} `, el("code", {}, atlas.encoder.fingerprint.slice(0, 16))),
      fact(t("area_dialog.calibrated"), t(atlas.encoder.calibrated ? "yes" : "no")),
      fact(t("details.atlas"), el("code", {}, atlas.fingerprint.slice(0, 16)))),
    el("h3", {}, t("details.imagery")),
    el("ul", { class: "imagery" }, atlas.imagery.map((i) => el("li", {}, el("strong", {}, i.name), " ",
      [i.date, i.licence, i.origin].filter(Boolean).join(" · ") || t("area_dialog.nothing_told")))),
    el("p", { class: "soft small" }, t("area_dialog.only_here")),
    closing("area"));
}

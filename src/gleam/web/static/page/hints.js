/* What the user knows of the photos: view, area, heading, height. All optional. */

import { el, fill, byId, icon } from "./dom.js";
import { hint, on, state, update } from "./state.js";
import { onLanguage, t } from "./text.js";
import { viewName } from "./wording.js";

const VIEWS = ["drone", "map", "panorama", "ground"];
const AREAS = ["all", "circle", "box", "exif"];
const HEAT_TILES = 400;

/** Return the options of /v1/locate for hints. */
export function optionsOf(hints, photo = null) {
  const options = { k: 10 };
  if (hints.view) options.view = hints.view;
  for (const [field, name] of [["heading", "heading_deg"], ["height", "height_m"], ["fov", "fov_deg"]]) {
    if (hints[field] !== "") options[name] = Number(hints[field]);
  }
  if (hints.area === "circle" && hints.circle) {
    const { lat, lon, radius } = hints.circle;
    options.near = { lat, lon, radius_m: radius };
  }
  if (hints.area === "box" && hints.box) options.box = hints.box;
  if (hints.area === "exif") options.use_exif = true;
  if (photo) {
    options.scores = HEAT_TILES;
    if (hints.keep) options.keep = true;
  }
  return options;
}

/** Whether a photo was answered with other hints than there are now. */
export const stale = (photo) => photo.asked !== null && JSON.stringify(photo.asked) !== JSON.stringify(optionsOf(state.hints, photo));

export function wireHints() {
  on(["hints", "drawing", "atlas"], render);
  onLanguage(render);
}

function render() {
  const { hints } = state;
  const told = [
    hints.view && viewName(hints.view),
    hints.area !== "all" && t(`area.${hints.area}`),
    hints.heading !== "" && t("hints.told_heading", { n: hints.heading }),
    hints.height !== "" && t("hints.told_height", { n: hints.height }),
  ].filter(Boolean);
  byId("hints-told").textContent = told.length ? told.join(" · ") : t("hints.optional");
  fill(byId("hint-form"), viewField(), areaField(), numbersField(), keepField());
}

function viewField() {
  return el("label", { class: "field" }, el("span", {}, t("hints.view")),
    el("select", { id: "hint-view", onchange: (event) => hint({ view: event.target.value }) },
      ["", ...VIEWS].map((view) => el("option", { value: view, selected: state.hints.view === view },
        view ? `${viewName(view)} – ${t(`view.${view}.what`)}` : t("hints.view_detected")))));
}

function areaField() {
  const { hints, drawing } = state;
  const select = el("select", { id: "hint-area", onchange: (event) => setArea(event.target.value) },
    AREAS.map((area) => el("option", { value: area, selected: hints.area === area }, t(`area.${area}`))));
  const parts = [el("label", { class: "field" }, el("span", {}, t("hints.area")), select)];
  if (hints.area === "exif") parts.push(el("p", { class: "hint" }, t("area.exif_what")));
  if (hints.area === "circle" || hints.area === "box") {
    parts.push(el("button", {
      type: "button", class: "button", id: "draw", "aria-pressed": drawing === hints.area ? "true" : "false",
      onclick: () => update({ drawing: drawing === hints.area ? null : hints.area }),
    }, icon(hints.area), t(drawing === hints.area ? "area.drawing" : "area.draw")));
    parts.push(hints.area === "circle" ? circleNumbers() : boxNumbers());
  }
  return el("div", { class: "stack" }, parts);
}

function setArea(area) {
  hint({ area });
  update({ drawing: area === "circle" && !state.hints.circle ? "circle" : area === "box" && !state.hints.box ? "box" : null });
}

function circleNumbers() {
  const circle = state.hints.circle ?? { lat: "", lon: "", radius: "" };
  return numbers("circle", { lat: [-90, 90], lon: [-180, 180], radius: [1, 100000] }, circle);
}

function boxNumbers() {
  const box = state.hints.box ?? { south: "", west: "", north: "", east: "" };
  return numbers("box", { south: [-90, 90], north: [-90, 90], west: [-180, 180], east: [-180, 180] }, box);
}

/** Fields for an area without the map: for the keyboard, and for those who have the numbers. */
function numbers(kind, fields, values) {
  const changed = () => {
    const given = {};
    for (const name of Object.keys(fields)) {
      const input = byId(`hint-${kind}-${name}`);
      if (input.value === "" || !input.validity.valid) return;
      given[name] = Number(input.value);
    }
    hint({ [kind]: given });
  };
  return el("div", { class: "grid-2" }, Object.entries(fields).map(([name, [min, max]]) =>
    el("label", { class: "field" }, el("span", {}, t(`area.${name}`)), el("input", {
      id: `hint-${kind}-${name}`, type: "number", step: "any", min, max, inputmode: "decimal",
      value: typeof values[name] === "number" ? String(Number(values[name].toFixed(name === "radius" ? 1 : 6))) : "",
      onchange: changed,
    }))));
}

function numbersField() {
  const field = (name, props, unit) => el("label", { class: "field" }, el("span", {}, t(`hints.${name}`)),
    el("input", {
      id: `hint-${name}`, type: "number", step: "any", inputmode: "decimal", placeholder: unit, value: state.hints[name], ...props,
      onchange: (event) => {
        const good = event.target.validity.valid;
        event.target.setAttribute("aria-invalid", good ? "false" : "true");
        if (good) hint({ [name]: event.target.value });
      },
    }));
  return el("div", { class: "grid-2" },
    field("heading", { min: -360, max: 360 }, t("hints.heading_unit")),
    field("height", { min: 0.1, max: 100000 }, t("hints.height_unit")));
}

function keepField() {
  if (!state.atlas?.limits?.keep) return null;
  return el("label", { class: "check small" },
    el("input", { id: "hint-keep", type: "checkbox", checked: state.hints.keep, onchange: (event) => hint({ keep: event.target.checked }) }),
    el("span", {}, t("hints.keep")));
}

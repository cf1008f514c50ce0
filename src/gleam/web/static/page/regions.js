/* Numbered regions over a picture. The same number in both pictures, in the list and in the text lights
 * up together, by mouse, keyboard or touch. */

import { el } from "./dom.js";
import { t } from "./text.js";

export const regionsIn = (verdict) => [...verdict.evidence_for, ...verdict.evidence_against].sort((a, b) => a.number - b.number);

/** Return marks over a picture of a size in pixels. `box`: "query_box" or "tile_box". */
export function overlay(verdict, rank, box, { width, height }) {
  const marks = regionsIn(verdict).flatMap((region) => {
    const boxes = [region[box], box === "query_box" ? region.query_box_rest : null].filter(Boolean);
    return boxes.map((b, part) => mark(region, rank, part, b.top / height < 0.09, {
      "--left": `${100 * b.left / width}%`, "--top": `${100 * b.top / height}%`,
      "--width": `${100 * (b.right - b.left) / width}%`, "--height": `${100 * (b.bottom - b.top) / height}%`,
    }));
  });
  return el("div", { class: "regions" }, marks);
}

function mark(region, rank, part, atTop, style) {
  return el("button", {
    type: "button", class: `region ${region.supports ? "for" : "against"}${atTop ? " at-top" : ""}`, style,
    dataset: { region: `${rank}:${region.number}` },
    tabindex: part ? -1 : null,
    "aria-label": t(region.supports ? "region.for" : "region.against", { n: region.number }),
  }, el("span", { class: "region-number", "aria-hidden": "true" }, String(region.number)));
}

/** Light up all twins of what the pointer or the focus is on. */
export function linkTwins() {
  const light = (target) => {
    const id = target?.closest?.("[data-region]")?.dataset.region ?? null;
    for (const node of document.querySelectorAll("[data-region]")) node.classList.toggle("lit", node.dataset.region === id);
    document.body.classList.toggle("some-lit", id !== null);
  };
  document.addEventListener("pointerover", (event) => light(event.target));
  document.addEventListener("focusin", (event) => light(event.target));
  document.addEventListener("focusout", () => light(null));
  document.documentElement.addEventListener("pointerleave", () => light(null));
}

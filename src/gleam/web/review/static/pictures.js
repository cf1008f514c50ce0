/* The two pictures: zoom, moving about, numbered regions. */

import { getRegions, picture } from "./server.js";
import { keep, kept, number, t } from "./words.js";
import { byId, el } from "/static/page/dom.js";

const MOST = 12;
let shown = []; // the two views
let showRegions = kept("gleam.review.regions") !== "off";
let large = false;

/** A picture in a frame that can be zoomed and moved. */
class View {
  constructor(role, name, sha, alt) {
    this.role = role;
    this.scale = 1;
    this.x = this.y = 0;
    this.size = null;
    this.image = el("img", { src: picture(sha), alt, draggable: "false" });
    this.boxes = el("svg", { "aria-hidden": "true" });
    this.badges = el("div", { class: "badges" });
    this.layer = el("div", { class: "layer" }, this.image, this.boxes, this.badges);
    this.frame = el("div", { class: "frame", tabindex: "0", role: "group", "aria-label": t("picture.label", { name }) }, this.layer);
    this.image.addEventListener("load", () => this.fit());
    this.image.addEventListener("error", () => {
      this.frame.replaceChildren(el("p", { class: "notice bad", role: "alert" }, t("picture.failed")));
    });
    this.wire();
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  fit() {
    this.scale = 1;
    this.x = this.y = 0;
    this.draw();
  }

  /** Zoom by a factor about a point of the frame, its middle when none is given. */
  zoom(factor, point) {
    const { clientWidth: w, clientHeight: h } = this.frame;
    const [px, py] = point ?? [w / 2, h / 2];
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    this.x = px - w / 2 - ((px - w / 2 - this.x) * scale) / this.scale;
    this.y = py - h / 2 - ((py - h / 2 - this.y) * scale) / this.scale;
    this.scale = scale;
    this.draw();
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.draw();
  }

  draw() {
    const { clientWidth: w, clientHeight: h } = this.frame;
    const { naturalWidth: iw, naturalHeight: ih } = this.image;
    if (!iw || !w) return;
    const base = Math.min(w / iw, h / ih);
    const [bw, bh] = [iw * base, ih * base];
    const limit = (length, room) => Math.max(0, (length * this.scale - room) / 2);
    this.x = Math.min(limit(bw, w), Math.max(-limit(bw, w), this.x));
    this.y = Math.min(limit(bh, h), Math.max(-limit(bh, h), this.y));
    const { style } = this.layer;
    style.width = `${bw}px`;
    style.height = `${bh}px`;
    style.transform = `translate(-50%, -50%) translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    style.setProperty("--unzoom", String(1 / this.scale));
    this.frame.classList.toggle("zoomed", this.scale > 1.001);
    this.image.classList.toggle("pixels", base * this.scale > 4);
  }

  /** Draw the regions; `size` is that of the whole upright picture. */
  mark(regions, size) {
    this.boxes.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    this.boxes.setAttribute("preserveAspectRatio", "none");
    this.boxes.replaceChildren();
    this.badges.replaceChildren();
    for (const region of regions) {
      const kind = region.supports ? "for" : "against";
      region[this.role].forEach(([left, top, right, bottom], n) => {
        const d = `M${left} ${top}H${right}V${bottom}H${left}Z`;
        for (const under of ["under", ""]) {
          this.boxes.append(el("path", { d, class: `${kind} ${under}`, "vector-effect": "non-scaling-stroke", "data-region": region.number }));
        }
        if (n) return;
        const badge = el("i", { class: `number ${kind}`, "data-region": region.number }, region.number);
        badge.style.left = `${(100 * left) / size[0]}%`;
        badge.style.top = `${(100 * top) / size[1]}%`;
        this.badges.append(badge);
      });
    }
  }

  wire() {
    const held = new Map();
    let spread = 0;
    const place = (event) => {
      const box = this.frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && this.scale === 1 && event.deltaY > 0) return; // let the page scroll
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), place(event));
    }, { passive: false });
    this.frame.addEventListener("dblclick", (event) => (this.scale > 1 ? this.fit() : this.zoom(3, place(event))));
    this.frame.addEventListener("pointerdown", (event) => {
      held.set(event.pointerId, place(event));
      this.frame.setPointerCapture(event.pointerId);
    });
    this.frame.addEventListener("pointermove", (event) => {
      if (!held.has(event.pointerId)) return;
      const now = place(event), before = held.get(event.pointerId);
      held.set(event.pointerId, now);
      const points = [...held.values()];
      if (points.length === 2) {
        const wide = Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]);
        if (spread) this.zoom(wide / spread, [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2]);
        spread = wide;
      } else if (this.scale > 1) this.move(now[0] - before[0], now[1] - before[1]);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.frame.addEventListener(end, (event) => { held.delete(event.pointerId); spread = 0; });
    }
    this.frame.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
      if (step && this.scale > 1) { event.preventDefault(); this.move(...step); }
    });
  }
}

/** Return the part of the page with both pictures of an item. */
export function drawPictures(item) {
  const names = { query: t(`query.${item.view}`), tile: t("tile") };
  const below = {
    query: "", tile: item.tile_width_m ? t("tile.width", { n: number(item.tile_width_m) }) : t("tile.plain"),
  };
  shown = ["query", "tile"].map((role) => new View(role, names[role], item.images[role], t("picture.alt", { name: names[role] })));
  const figures = shown.map((view) => el("figure", { class: "picture" },
    view.frame, el("figcaption", { class: "small" }, el("b", {}, names[view.role]), below[view.role] && ` · ${below[view.role]}`)));
  const button = (id, key, mark, act) => el("button", {
    type: "button", class: "button quiet icon", id, title: t(key), "aria-label": t(key), onclick: act,
  }, el("b", { "aria-hidden": "true" }, mark));
  const tools = el("div", { class: "picture-tools row", role: "group", "aria-label": t("pictures") },
    button("zoom-out", "zoom.out", "−", () => zoom(1 / 1.5)),
    button("zoom-in", "zoom.in", "+", () => zoom(1.5)),
    button("zoom-fit", "zoom.fit", "⤢", fit),
    el("button", { type: "button", class: "button quiet", id: "zoom-large", "aria-pressed": String(large), onclick: toggleLarge }, t("zoom.large")),
    el("button", { type: "button", class: "button quiet", id: "regions", "aria-pressed": String(showRegions), onclick: toggleRegions }, t("regions")),
    el("ol", { class: "legend", id: "legend", "aria-label": t("regions") }));
  const part = el("section", { class: "pictures", id: "pictures", "aria-label": t("pictures") }, el("div", { class: "both" }, figures), tools);
  part.classList.toggle("large", large);
  part.classList.toggle("no-regions", !showRegions);
  return part;
}

/** Measure and draw the regions of an item, unless another one is open by then. */
export async function markRegions(item, still) {
  const legend = () => byId("legend");
  legend().replaceChildren(el("li", { class: "soft small" }, t("regions.waiting")));
  let told;
  try { told = await getRegions(item.pair_id); } catch { told = { regions: [] }; }
  if (!still() || !legend()) return;
  legend().title = t("regions.why");
  if (!told.regions.length) {
    legend().replaceChildren(el("li", { class: "soft small" }, t("regions.none")));
    return;
  }
  for (const view of shown) view.mark(told.regions, told[view.role]);
  legend().replaceChildren(...told.regions.map((region) => {
    const words = t(region.supports ? "region.for" : "region.against", {
      n: region.number, similarity: number(region.similarity, 2), share: number(100 * Math.abs(region.share)),
    });
    const light = (on) => () => {
      for (const node of byId("pictures").querySelectorAll(`.both [data-region="${region.number}"]`)) node.classList.toggle("lit", on);
    };
    return el("li", {}, el("button", {
      type: "button", class: "region", title: words, "aria-label": words,
      onmouseenter: light(true), onmouseleave: light(false), onfocus: light(true), onblur: light(false),
    }, el("i", { class: `number ${region.supports ? "for" : "against"}` }, region.number)));
  }));
}

export const zoom = (factor) => shown.forEach((view) => view.zoom(factor));
export const fit = () => shown.forEach((view) => view.fit());

export function toggleRegions() {
  showRegions = !showRegions;
  keep("gleam.review.regions", showRegions ? null : "off");
  byId("pictures")?.classList.toggle("no-regions", !showRegions);
  byId("regions")?.setAttribute("aria-pressed", String(showRegions));
}

export function toggleLarge() {
  large = !large;
  byId("pictures")?.classList.toggle("large", large);
  byId("zoom-large")?.setAttribute("aria-pressed", String(large));
}

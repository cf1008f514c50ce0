/* Drawing on the map: a circle or a box to search, or a click that says where the photo was taken. */

import { byId } from "./dom.js";
import { boxRing, circleRing, distanceMetres } from "./geo.js";
import { draw, polygon } from "./map_layers.js";
import { hint, on, state, update } from "./state.js";
import { onLanguage, t } from "./text.js";
import { announce } from "./parts.js";

const SMALLEST_PX = 6;
let map = null;
let from = null;

export function wireDrawing(given, onTruth) {
  map = given;
  const canvas = map.getCanvasContainer();
  on(["drawing"], enterOrLeave);
  on(["hints", "drawing"], showArea);
  onLanguage(enterOrLeave);
  canvas.addEventListener("pointerdown", begin, true);
  addEventListener("pointermove", move, true);
  addEventListener("pointerup", (event) => end(event, onTruth), true);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.drawing) update({ drawing: null });
  });
  showArea();
}

function enterOrLeave() {
  const { drawing } = state;
  from = null;
  byId("map").classList.toggle("drawing", drawing !== null);
  for (const handler of [map.dragPan, map.boxZoom, map.doubleClickZoom, map.touchZoomRotate]) {
    if (drawing) handler.disable(); else handler.enable();
  }
  if (!drawing) map.touchZoomRotate.disableRotation();
  byId("map-hint").textContent = drawing ? t(`draw.${drawing}`) : "";
  if (drawing) byId("map").scrollIntoView({ block: "nearest" });
}

function at(event) {
  const box = map.getCanvas().getBoundingClientRect();
  const { lat, lng } = map.unproject([event.clientX - box.left, event.clientY - box.top]);
  return { lat, lon: lng, x: event.clientX, y: event.clientY };
}

function begin(event) {
  if (!state.drawing || event.button !== 0 || event.target !== map.getCanvas()) return;
  event.preventDefault();
  event.stopPropagation();
  from = at(event);
}

function shapeTo(to) {
  if (state.drawing === "circle") {
    return { circle: { lat: from.lat, lon: from.lon, radius: Math.max(1, distanceMetres(from, to)) } };
  }
  return {
    box: {
      south: Math.min(from.lat, to.lat), north: Math.max(from.lat, to.lat),
      west: Math.min(from.lon, to.lon), east: Math.max(from.lon, to.lon),
    },
  };
}

function move(event) {
  if (!from || !state.drawing || state.drawing === "truth") return;
  event.stopPropagation();
  drawArea(shapeTo(at(event)));
}

function end(event, onTruth) {
  if (!from || !state.drawing) return;
  event.stopPropagation();
  const to = at(event);
  const begun = from;
  const far = Math.hypot(to.x - begun.x, to.y - begun.y) >= SMALLEST_PX;
  if (state.drawing === "truth") {
    update({ drawing: null });
    onTruth({ lat: begun.lat, lon: begun.lon });
  } else if (far) {
    const shape = shapeTo(to);
    const kind = state.drawing;
    hint({ ...shape, area: kind });
    update({ drawing: null });
    announce(t("area.drawn"));
  }
  from = null;
}

/** Draw the area that the next search will keep to. */
function showArea() {
  const { area, circle, box } = state.hints;
  drawArea(area === "circle" ? { circle } : area === "box" ? { box } : {});
}

function drawArea({ circle, box }) {
  const ring = circle ? circleRing(circle, circle.radius) : box ? boxRing(box) : null;
  draw(map, "drawn", ring ? [polygon([ring])] : []);
}

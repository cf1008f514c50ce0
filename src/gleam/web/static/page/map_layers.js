/* The layers over the imagery: searched area, heat, 95 % region, heading wedge, footprints, truth, pins. */

import { Marker } from "/static/vendor/maplibre-gl/maplibre-gl.mjs";
import { el } from "./dom.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const BLUE = "#2f7bff";
const WORLD_M = 2 * Math.PI * 6378137;
const WORLD_PX = 512; // width of the world at zoom 0
const GREEN = "#22c55e";

/* Later ones lie on top. */
const LAYERS = [
  { id: "outside", type: "fill", paint: { "fill-color": "#000", "fill-opacity": 0.38 } },
  {
    id: "heat", type: "heatmap",
    paint: {
      "heatmap-weight": ["get", "weight"],
      "heatmap-intensity": 1.8,
      "heatmap-opacity": 0.7,
      "heatmap-color": [
        "interpolate", ["linear"], ["heatmap-density"],
        0, "rgba(255,231,150,0)", 0.09, "rgba(255,231,150,0.05)", 0.3, "rgba(255,186,73,0.65)",
        0.55, "rgba(240,96,50,0.85)", 1, "rgba(178,24,43,0.92)",
      ],
    },
  },
  { id: "searched", type: "line", paint: { "line-color": "#fff", "line-width": 2, "line-dasharray": [3, 2] } },
  { id: "footprints", type: "line", paint: { "line-color": ["get", "colour"], "line-width": 1.5, "line-opacity": 0.9 } },
  { id: "wedge", type: "fill", paint: { "fill-color": BLUE, "fill-opacity": 0.32 } },
  { id: "wedge-edge", from: "wedge", type: "line", paint: { "line-color": "#fff", "line-width": 1.2 } },
  { id: "region", type: "fill", paint: { "fill-color": BLUE, "fill-opacity": 0.25 } },
  { id: "region-halo", from: "region", type: "line", paint: { "line-color": "#fff", "line-width": 4.5 } },
  { id: "region-edge", from: "region", type: "line", paint: { "line-color": BLUE, "line-width": 2.5 } },
  { id: "truth-line", type: "line", paint: { "line-color": GREEN, "line-width": 3, "line-dasharray": [1.5, 1] } },
  {
    id: "batch", type: "circle",
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 4, 17, 7],
      "circle-color": ["get", "colour"], "circle-stroke-color": "#fff", "circle-stroke-width": 1.5,
    },
  },
  { id: "drawn", type: "fill", paint: { "fill-color": "#fff", "fill-opacity": 0.16 } },
  { id: "drawn-edge", from: "drawn", type: "line", paint: { "line-color": "#ffd54a", "line-width": 2.5 } },
];

const pins = [];

/** Add all layers, empty. */
export function addLayers(map) {
  for (const { id, from, ...rest } of LAYERS) {
    if (!from) map.addSource(id, { type: "geojson", data: EMPTY });
    map.addLayer({ id, source: from ?? id, ...rest });
  }
}

/** Put features on a layer; none empties it. */
export function draw(map, layer, features = []) {
  map.getSource(layer)?.setData({ type: "FeatureCollection", features });
}

export const polygon = (rings, properties = {}) => ({
  type: "Feature", properties, geometry: { type: "Polygon", coordinates: rings },
});
export const line = (coordinates, properties = {}) => ({
  type: "Feature", properties, geometry: { type: "LineString", coordinates },
});
export const point = ({ lat, lon }, properties = {}) => ({
  type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] },
});

/** The whole world with holes where the searched ground is. */
export const outside = (ring) => polygon([[[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]], ring]);

/** Let the heat of one scored tile reach `metres` on the ground, at every zoom. */
export function setHeatWidth(map, metres, lat) {
  const pixelsAtZoom0 = metres / (WORLD_M * Math.cos(lat * Math.PI / 180) / WORLD_PX);
  map.setPaintProperty("heat", "heatmap-radius", [
    "interpolate", ["exponential", 2], ["zoom"],
    8, Math.max(1, pixelsAtZoom0 * 2 ** 8), 24, Math.max(1, pixelsAtZoom0 * 2 ** 24),
  ]);
}

export function clearPins() {
  for (const pin of pins.splice(0)) pin.remove();
}

/** Put a pin on the map: a button with a number, or a mark without one. */
export function addPin(map, { lat, lon }, { kind, text, label, pressed, onclick }) {
  const body = onclick
    ? el("button", { type: "button", class: `pin ${kind}`, "aria-label": label, "aria-pressed": pressed ? "true" : "false", onclick }, text)
    : el("span", { class: `pin ${kind}`, role: "img", "aria-label": label }, text);
  // MapLibre moves the outer element, so that the pin itself may grow when hovered.
  const holder = el("div", { class: `pin-holder ${kind}` }, body);
  // A candidate stands on its point, so that the region around it stays in sight; the truth is a spot.
  const pin = new Marker({ element: holder, anchor: kind === "truth" ? "center" : "bottom" }).setLngLat([lon, lat]).addTo(map);
  holder.removeAttribute("aria-label");
  holder.removeAttribute("role");
  holder.removeAttribute("tabindex");
  pins.push(pin);
  return body;
}

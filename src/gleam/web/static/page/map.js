/* The map: the atlas's own imagery, and what is drawn over it. */

import { AttributionControl, Map as GlMap, ScaleControl } from "/static/vendor/maplibre-gl/maplibre-gl.mjs";
import { basemap } from "./api.js";
import { byId } from "./dom.js";
import { boundsOf } from "./geo.js";
import { onLanguage, t } from "./text.js";

let map = null;
let ready = null;

/** Make the map over the bounds of an atlas; resolves to null where the browser cannot draw it (no WebGL). */
export function makeMap(atlas) {
  ready ??= new Promise((resolve) => {
    try {
      map = new GlMap({
        container: "map",
        style: styleOf(atlas),
        bounds: lngLatBounds(atlas.bounds),
        fitBoundsOptions: { padding: padding() },
        maxZoom: Math.min(24, (atlas.basemap?.maxzoom ?? 19) + 3),
        maxPitch: 0,
        dragRotate: false,
        pitchWithRotate: false,
        attributionControl: false,
        cooperativeGestures: false,
        fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
        canvasContextAttributes: { preserveDrawingBuffer: false },
      });
    } catch (problem) {
      byId("no-map").hidden = false;
      console.info(`The map cannot be drawn: ${problem.message}`);
      resolve(null);
      return;
    }
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-left");
    map.on("error", ({ error }) => console.info(`Map: ${error?.message}`));
    map.once("load", () => resolve(map));
    name();
    onLanguage(name);
    byId("zoom-in").addEventListener("click", () => map.zoomIn());
    byId("zoom-out").addEventListener("click", () => map.zoomOut());
  });
  return ready;
}

/** The map when it can be drawn upon, else null. */
export const theMap = () => map;

/** Bring ground into view: {south, west, north, east}, [[lon, lat], ...]. */
export function show(points, { closest = 18 } = {}) {
  if (!map || points.length === 0) return;
  map.fitBounds(lngLatBounds(boundsOf(points)), {
    padding: padding(), maxZoom: closest,
    animate: !matchMedia("(prefers-reduced-motion: reduce)").matches, duration: 600,
  });
}

export function lngLatBounds({ south, west, north, east }) {
  return [[west, south], [east, north]];
}

function padding() {
  return matchMedia("(max-width: 700px)").matches ? 28 : 48;
}

function name() {
  map?.getCanvas().setAttribute("aria-label", t("map.label"));
}

function styleOf(atlas) {
  const { south, west, north, east } = atlas.bounds;
  return {
    version: 8,
    sources: {
      imagery: {
        type: "raster", tiles: [basemap()], tileSize: 256,
        bounds: [west, south, east, north],
        minzoom: atlas.basemap?.minzoom ?? 0, maxzoom: atlas.basemap?.maxzoom ?? 19,
      },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#8f958f" } },
      { id: "imagery", type: "raster", source: "imagery", paint: { "raster-fade-duration": 150 } },
    ],
  };
}

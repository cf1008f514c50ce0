/* Ground geometry of small areas on the WGS84 ellipsoid: positions are {lat, lon} in degrees. */

const AXIS_M = 6378137;
const ECCENTRICITY2 = 0.00669437999014;
const RAD = Math.PI / 180;

/** Metres per degree of latitude and of longitude at a latitude. */
function metresPerDegree(lat) {
  const sin2 = Math.sin(lat * RAD) ** 2;
  const w = Math.sqrt(1 - ECCENTRICITY2 * sin2);
  return {
    north: RAD * AXIS_M * (1 - ECCENTRICITY2) / w ** 3,
    east: RAD * AXIS_M * Math.cos(lat * RAD) / w,
  };
}

/** Return {east, north} in metres from a to b. */
export function offsetMetres(a, b) {
  const scale = metresPerDegree((a.lat + b.lat) / 2);
  const turn = ((b.lon - a.lon + 540) % 360) - 180;
  return { east: turn * scale.east, north: (b.lat - a.lat) * scale.north };
}

export function distanceMetres(a, b) {
  const { east, north } = offsetMetres(a, b);
  return Math.hypot(east, north);
}

/** Return the direction in which b is seen from a, in degrees clockwise from north. */
export function bearingDegrees(a, b) {
  const { east, north } = offsetMetres(a, b);
  return (Math.atan2(east, north) / RAD + 360) % 360;
}

/** Return the point that lies `east`, `north` metres from a. */
export function moved(a, east, north) {
  const scale = metresPerDegree(a.lat);
  return { lat: a.lat + north / scale.north, lon: a.lon + east / scale.east };
}

/** Return a closed ring of [lon, lat] around a centre. */
export function circleRing(centre, radius, corners = 72) {
  return Array.from({ length: corners + 1 }, (_, i) => {
    const angle = 2 * Math.PI * i / corners;
    const { lat, lon } = moved(centre, radius * Math.sin(angle), radius * Math.cos(angle));
    return [lon, lat];
  });
}

/** Return a closed ring of [lon, lat]: the slice of a circle that a camera looks into. */
export function wedgeRing(apex, heading, width, length) {
  const ring = [[apex.lon, apex.lat]];
  for (let i = 0; i <= 16; i += 1) {
    const angle = (heading - width / 2 + width * i / 16) * RAD;
    const { lat, lon } = moved(apex, length * Math.sin(angle), length * Math.cos(angle));
    ring.push([lon, lat]);
  }
  return [...ring, ring[0]];
}

/** Return a closed ring of [lon, lat] of {south, west, north, east}. */
export function boxRing({ south, west, north, east }) {
  return [[west, south], [east, south], [east, north], [west, north], [west, south]];
}

/** Return a closed ring of [lon, lat] of a footprint "POLYGON ((lon lat, ...))". */
export function wktRing(text) {
  const inside = /\(\(([^()]*)\)/.exec(text ?? "");
  return inside ? inside[1].split(",").map((corner) => corner.trim().split(/\s+/).map(Number)) : [];
}

/** Return {south, west, north, east} around [lon, lat] points. */
export function boundsOf(points) {
  const lons = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  return { south: Math.min(...lats), west: Math.min(...lons), north: Math.max(...lats), east: Math.max(...lons) };
}

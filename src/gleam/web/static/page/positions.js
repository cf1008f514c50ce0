/* Positions as people write them: decimal degrees, degrees-minutes-seconds, MGRS. */

import { forward, toPoint } from "/static/vendor/mgrs/mgrs.mjs";

export const FORMATS = ["decimal", "dms", "mgrs"];

/** Return a position as text, or null where the format does not reach (MGRS beyond 84 N and 80 S). */
export function write(position, format) {
  const { lat, lon } = position;
  if (format === "dms") return `${dms(lat, "N", "S")} ${dms(lon, "E", "W")}`;
  if (format === "mgrs") return lat > 84 || lat < -80 ? null : spaced(forward([lon, lat], 5));
  return `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
}

function dms(degrees, positive, negative) {
  // Rounded first, so that 59.999" becomes the next minute.
  const hundredths = Math.round(Math.abs(degrees) * 360000);
  const seconds = (hundredths % 6000) / 100;
  const minutes = Math.floor(hundredths / 6000) % 60;
  const whole = Math.floor(hundredths / 360000);
  const two = (value) => String(value).padStart(2, "0");
  return `${whole}°${two(minutes)}′${seconds.toFixed(2).padStart(5, "0")}″${degrees < 0 ? negative : positive}`;
}

function spaced(mgrs) {
  const parts = /^(\d{1,2}[A-Z])([A-Z]{2})(\d{5})(\d{5})$/.exec(mgrs);
  return parts ? parts.slice(1).join(" ") : mgrs;
}

/** Read a position in any of the formats; null when it is none. */
export function read(text) {
  const plain = text.trim().toUpperCase();
  const bare = plain.replace(/\s+/g, "");
  if (/^\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2}(\d\d){1,5}$/.test(bare)) {
    const [lon, lat] = toPoint(bare);
    return checked(lat, lon);
  }
  const angles = /[°'′"″NSEW]/.test(plain) ? readAngles(plain) : plain.split(/[\s,;]+/).filter(Boolean).map(Number);
  return angles.length === 2 ? checked(angles[0], angles[1]) : null;
}

function readAngles(text) {
  const found = [...text.matchAll(/(-?[\d.]+)\s*°?\s*(?:([\d.]+)\s*['′])?\s*(?:([\d.]+)\s*(?:["″]|''))?\s*([NSEW])?/g)]
    .filter((part) => part[1] !== undefined);
  return found.map(([, d, m = "0", s = "0", side]) => {
    const size = Math.abs(Number(d)) + Number(m) / 60 + Number(s) / 3600;
    return (side === "S" || side === "W") !== d.startsWith("-") ? -size : size;
  });
}

function checked(lat, lon) {
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

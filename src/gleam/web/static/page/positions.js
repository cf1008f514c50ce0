/* Positions as people write them. The server writes them in every notation; the page only reads. */

export const NOTATIONS = ["decimal", "dms", "mgrs"];

/** Degrees to a tenth of a metre, as the server writes them. */
export const decimal = ({ lat, lon }) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`;

/** Read decimal degrees or degrees, minutes and seconds, latitude first; null when it is neither. */
export function read(text) {
  const plain = text.trim().toUpperCase();
  const angles = /[°'′"″NSEW]/.test(plain) ? readAngles(plain) : plain.split(/[\s,;]+/).filter(Boolean).map(Number);
  return angles.length === 2 ? checked(angles[0], angles[1]) : null;
}

function readAngles(text) {
  const found = [...text.matchAll(/(-?[\d.]+)\s*°?\s*(?:([\d.]+)\s*['′])?\s*(?:([\d.]+)\s*(?:["″]|''))?\s*([NSEW])?/g)];
  return found.map(([, d, m = "0", s = "0", side]) => {
    const size = Math.abs(Number(d)) + Number(m) / 60 + Number(s) / 3600;
    return (side === "S" || side === "W") !== d.startsWith("-") ? -size : size;
  });
}

function checked(lat, lon) {
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

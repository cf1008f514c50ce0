/* The address of what is shown: / , /r/RESULT , /b/BATCH , /b/BATCH#PHOTO. */

/** Show an address without loading the page again. */
export function goTo(path) {
  if (location.pathname + location.hash !== path) history.pushState({}, "", path);
}

/** Return what an address asks for: {kind: "start" | "result" | "batch", id, photo}. */
export function asked(path = location.pathname, hash = location.hash) {
  const found = /^\/(r|b)\/([\w-]+)\/?$/.exec(path);
  if (!found) return { kind: "start", id: null, photo: 0 };
  return { kind: found[1] === "r" ? "result" : "batch", id: found[2], photo: Number(hash.slice(1)) || 0 };
}

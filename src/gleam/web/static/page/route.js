/* The address of what is shown: / , /r/RESULT , /b/BATCH. */

/** Show an address without loading the page again. */
export function goTo(path) {
  if (location.pathname !== path) history.pushState({}, "", path);
}

/** Return what an address asks for: {kind: "start" | "result" | "batch", id}. */
export function asked(path = location.pathname) {
  const found = /^\/(r|b)\/([\w-]+)\/?$/.exec(path);
  if (!found) return { kind: "start", id: null };
  return { kind: found[1] === "r" ? "result" : "batch", id: found[2] };
}

/* What the page knows, in one place. Parts of the page read it, change it through `update`, and draw
 * again when told which fields changed. */

export const state = {
  atlas: null, // what /v1/atlas says
  trouble: null, // the server cannot be reached: a sentence
  photos: [], // see photos.js
  chosen: null, // the photo whose answer is shown
  rank: 1, // the candidate that is explained
  rival: 2, // the candidate beside the best one
  job: null, // the batch, see batch.js
  panel: "compare", // what lies under the map: "compare" or "table"
  big: false, // whether that panel is enlarged
  hints: { view: "", area: "all", circle: null, box: null, heading: "", height: "", fov: "", keep: false },
  drawing: null, // "circle", "box" or "truth" while the map waits for it
  heat: true,
};

const listeners = [];

/** Call `listener()` after any of the named fields changed. */
export function on(fields, listener) {
  listeners.push({ fields: new Set(fields), listener });
}

/** Change fields and tell who listens, once each. */
export function update(changes) {
  Object.assign(state, changes);
  const changed = Object.keys(changes);
  for (const { fields, listener } of listeners) if (changed.some((name) => fields.has(name))) listener();
}

/** Change the hints. */
export const hint = (changes) => update({ hints: { ...state.hints, ...changes } });

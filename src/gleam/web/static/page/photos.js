/* The photos of this visit, and the work of locating one. */

import { ApiError, getResult, locate, readMetadata } from "./api.js";
import { state, update } from "./state.js";
import { optionsOf } from "./hints.js";

let numbered = 0;

/** Make the record of a photo. `file` is null when only its answer is known (a deep link). */
export function newPhoto(file, name = file?.name || "") {
  numbered += 1;
  return {
    key: `p${numbered}`, file, name,
    url: file ? URL.createObjectURL(file) : null,
    status: "ready", // ready, waiting, running, done, failed
    error: null, waitS: 0,
    metadata: null, metadataError: null, askedFor: null,
    result: null, // { id, answer, scores, photo... }
    asked: null, // the options of that result
    truth: null, // { lat, lon, from }
    verdicts: new Map(),
  };
}

export const byKey = (key) => state.photos.find((photo) => photo.key === key);
export const answerOf = (photo) => photo?.result?.answer ?? null;
export const touched = () => update({ photos: [...state.photos] });

/** Show the answer of a photo, or none. */
export function choose(photo) {
  update({ chosen: photo, rank: 1, rival: 2, panel: photo ? "compare" : "table" });
}

export function remove(photo) {
  photo.abort?.abort();
  if (photo.url) URL.revokeObjectURL(photo.url);
  const photos = state.photos.filter((other) => other !== photo);
  update({ photos, chosen: state.chosen === photo ? photos[0] ?? null : state.chosen });
}

export function removeAll() {
  for (const photo of state.photos) {
    photo.abort?.abort();
    if (photo.url) URL.revokeObjectURL(photo.url);
  }
  update({ photos: [], chosen: null, job: null, rank: 1, rival: 2 });
}

/** Ask what the metadata of a photo says; with `position`, also where. */
export async function askMetadata(photo, position = false) {
  if (!photo.file || (photo.metadata && !position)) return;
  try {
    photo.metadata = await readMetadata(photo.file, position);
    photo.metadataError = null;
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    photo.metadataError = problem.sentence;
  }
  touched();
}

/** Locate one photo with the hints as they are now. */
export async function locateOne(photo) {
  photo.abort?.abort();
  photo.abort = new AbortController();
  const { signal } = photo.abort;
  const asked = optionsOf(state.hints, photo);
  Object.assign(photo, { status: "running", error: null, result: null, verdicts: new Map(), asked });
  update({ photos: [...state.photos], rank: 1, rival: 2 });
  try {
    const given = await locate(photo.file, asked, signal, (left) => {
      photo.waitS = left;
      touched();
    });
    take(photo, given);
  } catch (problem) {
    if (signal.aborted) return;
    fail(photo, problem);
  }
  update({ photos: [...state.photos] });
}

/** Put what the server answered on a photo. */
export function take(photo, given) {
  const failure = given.failures?.[0];
  if (!given.answers?.length) {
    Object.assign(photo, { status: "failed", error: failure?.error ?? "" });
    return;
  }
  photo.status = "done";
  photo.result = { ...given, answer: given.answers[0] };
}

function fail(photo, problem) {
  if (!(problem instanceof ApiError)) throw problem;
  Object.assign(photo, { status: "failed", error: problem.sentence, unreachable: problem.status === 0 });
}

/** Bring back the result of a deep link. */
export async function reopen(id) {
  const given = await getResult(id);
  const photo = newPhoto(null, given.answers[0]?.photo ?? "");
  take(photo, given);
  photo.url = given.photo_url ?? null;
  update({ photos: [photo], chosen: photo, job: null, rank: 1, rival: 2, panel: "compare" });
  return photo;
}

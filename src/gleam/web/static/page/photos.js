/* The photos of this visit, and the work of locating one. */

import { ApiError, getResult, locate, readMetadata } from "./api.js";
import { state, update } from "./state.js";
import { optionsOf } from "./hints.js";
import { number, t } from "./text.js";

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
/** The photo whose answer is on show: none while the table of all is. */
export const shownPhoto = () => (state.panel === "table" && state.photos.length > 1 ? null : state.chosen);
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
    checkSize([photo.file], state.atlas?.limits.max_upload_bytes);
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

/** Refuse what the server would, before it is sent over a slow line. */
export function checkSize(files, most) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (most && bytes > most) throw new ApiError(t("error.too_large", { mib: number(bytes / 2 ** 20, 1), most: number(most / 2 ** 20, 1) }), 413);
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
  for (const { rank, language, explainer, verdict } of given.verdicts ?? []) {
    photo.verdicts.set(`${rank}|${language}|${explainer}`, { verdict });
  }
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
  photo.url = given.preview;
  update({ photos: [photo], chosen: photo, job: null, rank: 1, rival: 2, panel: "compare" });
  return photo;
}

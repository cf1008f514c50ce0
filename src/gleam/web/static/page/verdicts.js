/* Explanations of the chosen photo against its candidates: asked for once, then kept with the photo. */

import { ApiError, explain } from "./api.js";
import { state } from "./state.js";
import { touched } from "./photos.js";
import { current } from "./text.js";

let explainer = null;

export const explainerName = () => explainer ?? state.atlas?.explainers?.[0] ?? "evidence";
export function chooseExplainer(name) {
  explainer = name;
  touched();
}

const keyOf = (rank, language) => `${rank}|${language}|${explainerName()}`;

/** Whether the photo is still at hand, here or kept on the server, so that a new explanation can be made. */
export const explainable = (photo) => Boolean(photo?.result && (photo.file || photo.result.preview));

/** Return {verdict} or {error} or {loading} for a candidate, asking the server when it is new; null when it cannot be had. */
export function verdictOf(photo, rank, language = current()) {
  const key = keyOf(rank, language);
  if (!photo.verdicts.has(key)) {
    if (!explainable(photo) || !candidateOf(photo, rank)) return kept(photo, rank);
    photo.verdicts.set(key, { loading: true });
    ask(photo, rank, language, key);
  }
  return photo.verdicts.get(key);
}

/** What a deep link brought along: another language's verdict shows the same regions. */
function kept(photo, rank) {
  for (const [key, value] of photo.verdicts) if (key.startsWith(`${rank}|`) && value.verdict) return value;
  return null;
}

/** Return a verdict for drawing regions: of any language that is there. */
export function regionsOf(photo, rank) {
  const asked = verdictOf(photo, rank);
  return (asked?.verdict ? asked : kept(photo, rank))?.verdict ?? null;
}

export const candidateOf = (photo, rank) => photo.result?.answer.candidates.find((c) => c.rank === rank) ?? null;

async function ask(photo, rank, language, key) {
  const { verdicts } = photo;
  const wish = { ...pairOf(photo, rank), language, explainer: explainerName() };
  try {
    const told = await explain(photo.result.preview ? null : photo.file, wish);
    verdicts.set(key, { verdict: told });
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    verdicts.set(key, { error: problem.sentence });
  }
  touched();
}

/** What to explain: a candidate of a result, or for a photo of a batch the tile and the camera. */
function pairOf(photo, rank) {
  const { id, answer } = photo.result;
  if (id) return { result: id, rank };
  const { tile, heading_deg: found } = candidateOf(photo, rank);
  const pose = { heading_deg: found ?? answer.pose.heading_deg, pitch_deg: answer.pose.pitch_deg, height_m: answer.pose.height_m, fov_deg: answer.pose.fov_deg, width_m: answer.pose.ground_width_m };
  return { tile, view: answer.view, ...Object.fromEntries(Object.entries(pose).filter(([, value]) => typeof value === "number")) };
}

/** Ask again after a failure. */
export function askAgain(photo, rank, language) {
  photo.verdicts.delete(keyOf(rank, language));
  touched();
}

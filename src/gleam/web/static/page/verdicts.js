/* Explanations of the chosen photo against its candidates: asked for once, then kept with the photo. */

import { ApiError, explain, explainPhoto } from "./api.js";
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

/** Whether a photo's pictures are still at hand, here or kept on the server. */
export const explainable = (photo) => Boolean(photo?.result && (photo.file || photo.result.preview));

/** Return {verdict} or {error} or {loading} for a candidate, asking the server when it is new; null when it cannot be had. */
export function verdictOf(photo, rank, language = current()) {
  const key = keyOf(rank, language);
  if (!photo.verdicts.has(key)) {
    if (!explainable(photo) || !candidateOf(photo, rank)) return null;
    photo.verdicts.set(key, { loading: true });
    ask(photo, rank, language, key);
  }
  return photo.verdicts.get(key);
}

/** Return a verdict for drawing regions: of any language that is there. */
export function regionsOf(photo, rank) {
  const asked = verdictOf(photo, rank);
  if (asked?.verdict) return asked.verdict;
  for (const [key, value] of photo.verdicts) if (key.startsWith(`${rank}|`) && value.verdict) return value.verdict;
  return null;
}

export const candidateOf = (photo, rank) => photo.result?.answer.candidates.find((c) => c.rank === rank) ?? null;

async function ask(photo, rank, language, key) {
  const { verdicts } = photo;
  const wish = { result: photo.result.id, rank, language, explainer: explainerName() };
  try {
    const told = photo.result.preview ? await explain(wish) : await explainPhoto(photo.file, wish);
    verdicts.set(key, { verdict: told });
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    verdicts.set(key, { error: problem.sentence });
  }
  touched();
}

/** Ask again after a failure. */
export function askAgain(photo, rank, language) {
  photo.verdicts.delete(keyOf(rank, language));
  touched();
}

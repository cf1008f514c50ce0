/* Many photos at once: started, followed, cancelled and resumed on the server. */

import { ApiError, cancelJob, getJob, getJobResults, resumeJob, startJob } from "./api.js";
import { state, update } from "./state.js";
import { checkSize, newPhoto, take } from "./photos.js";
import { optionsOf } from "./hints.js";
import { announce } from "./parts.js";
import { count, t } from "./text.js";

const POLL_MS = 600;
const LOST_MS = 3000;
const ACTIVE = new Set(["queued", "running"]);

/** Start a batch of photos with the hints as they are. */
export async function runBatch(photos) {
  const job = newJob(null, photos);
  job.state = "sending";
  for (const photo of photos) Object.assign(photo, { status: "waiting", error: null, result: null, verdicts: new Map(), unreachable: false });
  update({ job, photos: [...state.photos], chosen: null, panel: "table" });
  try {
    checkSize(photos.map((photo) => photo.file), state.atlas?.limits.max_batch_bytes);
    absorb(job, await startJob(photos.map((photo) => photo.file), optionsOf(state.hints)));
  } catch (problem) {
    for (const photo of photos) photo.status = "ready";
    Object.assign(job, { state: "failed", error: sentenceOf(problem) });
    changed(job);
    return;
  }
  announce(count("say.batch", photos.length));
  await follow(job);
}

/** Bring back the batch of a deep link; resolves when its results so far are there. */
export async function reopenBatch(id) {
  const told = await getJob(id);
  const photos = Array.from({ length: told.total }, (_, i) => Object.assign(newPhoto(null, t("photos.number", { n: i + 1 })), { status: "waiting" }));
  const job = newJob(id, photos);
  update({ job, photos, chosen: null, panel: "table" });
  absorb(job, told);
  await fetchResults(job);
  changed(job);
  follow(job);
}

const newJob = (id, photos) => ({ id, state: "queued", cancelling: false, total: photos.length, etaS: null, error: null, lost: null, after: 0, photos });
const changed = (job) => state.job === job && update({ job, photos: [...state.photos] });
const progressed = (job) => state.job === job && update({ job });
const settled = (photo) => photo.status === "done" || photo.status === "failed";

export const isRunning = (job) => ACTIVE.has(job.state) || job.state === "sending";
export const doneOf = (job) => job.photos.filter(settled).length;
/** The number of a photo in its batch, from 1; 0 when it is in none. */
export const numberIn = (job, photo) => (job ? job.photos.indexOf(photo) + 1 : 0);

function absorb(job, { id, state: now, cancelling, total, eta_s: etaS, error }) {
  Object.assign(job, { id, state: now, cancelling, total, etaS, error });
}

function sentenceOf(problem) {
  if (!(problem instanceof ApiError)) throw problem;
  return problem.sentence;
}

async function follow(job) {
  while (state.job === job) {
    const before = job.after;
    try {
      const told = await getJob(job.id);
      await fetchResults(job);
      absorb(job, told);
      job.lost = null;
    } catch (problem) {
      job.lost = sentenceOf(problem);
      if (problem.status === 404) job.state = "failed";
    }
    if (!isRunning(job)) {
      for (const photo of job.photos) if (!settled(photo)) photo.status = "stopped";
      changed(job);
      announce(t(`job.${job.state}`));
      return;
    }
    if (job.after > before) changed(job);
    else progressed(job);
    await new Promise((resolve) => setTimeout(resolve, job.lost ? LOST_MS : POLL_MS));
  }
}

/** Put new results on their photos. */
async function fetchResults(job) {
  for (;;) {
    const { results, next } = await getJobResults(job.id, job.after);
    job.after = next;
    if (results.length === 0) return;
    for (const row of results) {
      const photo = job.photos[row.number - 1];
      if (!photo) continue;
      if (row.photo && !photo.file) photo.name = row.photo.split(/[\\/]/).pop();
      take(photo, row.answer ? { id: null, answers: [row.answer], position: row.position } : { answers: [], failures: [{ error: row.error }] });
    }
  }
}

export async function cancelBatch() {
  const { job } = state;
  try {
    absorb(job, await cancelJob(job.id));
    announce(t("job.cancelling"));
  } catch (problem) {
    job.error = sentenceOf(problem);
  }
  changed(job);
}

export async function resumeBatch() {
  const { job } = state;
  try {
    absorb(job, await resumeJob(job.id));
    for (const photo of job.photos) if (!settled(photo)) photo.status = "waiting";
    // Answers that are there stay; the server tells all of them again from the start.
    job.after = 0;
    changed(job);
    await follow(job);
  } catch (problem) {
    job.error = sentenceOf(problem);
    changed(job);
  }
}

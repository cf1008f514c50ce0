/* Many photos at once: started, followed, cancelled and resumed on the server. */

import { ApiError, cancelJob, getJob, getJobResults, resumeJob, startJob } from "./api.js";
import { state, update } from "./state.js";
import { newPhoto, take } from "./photos.js";
import { optionsOf } from "./hints.js";
import { goTo } from "./route.js";
import { announce } from "./parts.js";
import { count, t } from "./text.js";

const POLL_MS = 700;

/** Start a batch of photos with the hints as they are. */
export async function runBatch(photos) {
  for (const photo of photos) Object.assign(photo, { status: "waiting", error: null, result: null, verdicts: new Map(), unreachable: false });
  const job = { id: null, running: true, sending: true, state: "sending", done: 0, total: photos.length, etaS: null, error: null, photos };
  update({ job, photos: [...state.photos], chosen: null, panel: "table" });
  try {
    const told = await startJob(photos.map((photo) => photo.file), optionsOf(state.hints), () => {});
    job.sending = false;
    absorb(job, told);
    goTo(`/b/${job.id}`);
    announce(count("say.batch", photos.length));
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    for (const photo of photos) photo.status = "ready";
    Object.assign(job, { running: false, sending: false, state: "failed", error: problem.sentence });
    update({ job: { ...job }, photos: [...state.photos] });
    return;
  }
  follow(job);
}

/** Bring back the batch of a deep link. */
export async function reopenBatch(id) {
  const told = await getJob(id);
  const names = told.photos ?? Array.from({ length: told.total }, (_, i) => t("photos.number", { n: i + 1 }));
  const photos = names.map((name) => ({ ...newPhoto(null, name), status: "waiting" }));
  const job = { id, running: true, sending: false, state: told.state, done: 0, total: told.total, etaS: null, error: null, photos };
  update({ job, photos, chosen: null, panel: "table" });
  absorb(job, told);
  follow(job);
}

function absorb(job, told) {
  job.id = told.id;
  job.state = told.state;
  job.total = told.total;
  job.etaS = told.eta_s ?? null;
  job.error = told.error ?? null;
  job.running = told.state === "queued" || told.state === "running";
}

async function follow(job) {
  let after = 0;
  for (;;) {
    if (state.job?.id !== job.id) return; // another batch, or none, took its place
    try {
      const told = await getJob(job.id);
      after = await fetchResults(job, after);
      absorb(job, told);
      job.lost = null;
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      job.lost = problem.sentence;
      if (problem.status === 404) job.running = false;
    }
    if (state.job?.id !== job.id) return;
    if (!job.running) {
      await fetchResults(job, after).catch(() => {});
      for (const photo of job.photos) if (photo.status === "waiting" && job.state === "cancelled") photo.status = "stopped";
      update({ job: { ...job, follow: undefined }, photos: [...state.photos] });
      announce(t(`job.${job.state}`));
      return;
    }
    update({ job: { ...job }, photos: [...state.photos] });
    await new Promise((resolve) => setTimeout(resolve, job.lost ? 3000 : POLL_MS));
  }
}

/** Put new results on their photos; returns how many there are now. */
async function fetchResults(job, after) {
  const told = await getJobResults(job.id, after);
  const results = told.results ?? [];
  for (const one of results) {
    const photo = job.photos[one.index ?? after];
    if (photo) take(photo, one.answer ? { id: one.id, answers: [one.answer], failures: [] } : { answers: [], failures: [one.failure] });
    after += 1;
    job.done += 1;
  }
  return told.next ?? after;
}

export async function cancelBatch() {
  const { job } = state;
  try {
    await cancelJob(job.id);
    announce(t("job.cancelled"));
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    update({ job: { ...job, error: problem.sentence } });
  }
}

export async function resumeBatch() {
  const { job } = state;
  try {
    const told = await resumeJob(job.id);
    for (const photo of job.photos) if (photo.status === "stopped") photo.status = "waiting";
    absorb(job, told);
    update({ job, photos: [...state.photos] });
    follow(job);
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    update({ job: { ...job, error: problem.sentence } });
  }
}


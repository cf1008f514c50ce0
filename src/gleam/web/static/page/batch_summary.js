/* The right side while a batch is shown: progress, time left, cancel, counts, download. */

import { el, icon } from "./dom.js";
import { state } from "./state.js";
import { cancelBatch, doneOf, isRunning, resumeBatch, runBatch } from "./batch.js";
import { exportPart, linkPart } from "./export.js";
import { chip } from "./parts.js";
import { count, duration, metres, number, t } from "./text.js";
import { serverSays } from "./server_words.js";
import { errorMetres } from "./truth.js";

const STATUSES = ["located", "ambiguous", "not_here", "cannot_tell", "failed"];

export function batchSummary(job) {
  const { photos } = state;
  if (!job) {
    const waiting = photos.filter((photo) => photo.file && photo.status === "ready");
    return el("div", { class: "stack" },
      el("h2", { id: "answer-title" }, count("photos", photos.length)),
      el("p", { class: "soft" }, t("batch.ready")),
      waiting.length > 0 && el("div", {}, el("button", { type: "button", class: "button primary", id: "start-here", onclick: () => runBatch(waiting) }, count("go.batch", waiting.length))),
      counts(photos));
  }
  const done = doneOf(job);
  const sending = job.state === "sending";
  const running = isRunning(job);
  return el("div", { class: "stack" },
    el("h2", { id: "answer-title" }, count("photos", job.total)),
    el("div", { class: "stack tight" },
      el("div", { class: "row spread" },
        el("strong", { id: "job-state" }, t(`job.${job.cancelling ? "cancelling" : job.state}`)),
        el("span", { class: "n" }, t("job.progress_of", { done: number(done), total: number(job.total) }))),
      el("progress", { class: "bar", max: 1, value: sending ? null : done / job.total, "aria-label": t("job.progress") }),
      running && !sending && el("p", { class: "soft small n", id: "eta" }, job.etaS === null ? t("job.eta_unknown") : t("job.eta", { time: duration(job.etaS) }))),
    (job.error || job.lost) && el("p", { class: "notice bad", role: "alert" }, serverSays(job.error ?? job.lost)),
    el("div", { class: "row" },
      running && !sending && el("button", { type: "button", class: "button danger", id: "cancel", disabled: job.cancelling, onclick: cancelBatch }, icon("stop"), t("job.cancel")),
      !running && job.id && done < job.total && el("button", { type: "button", class: "button", id: "resume", onclick: resumeBatch }, icon("play"), t("job.resume"))),
    counts(photos), truths(photos),
    job.id && done > 0 && exportPart("jobs", job.id),
    job.id && linkPart(`/b/${job.id}`));
}

function counts(photos) {
  const of = (status) => photos.filter((photo) => (photo.status === "done" ? photo.result.answer.status : photo.status) === status).length;
  const rows = STATUSES.map((status) => [status, of(status)]).filter(([, n]) => n > 0);
  if (rows.length === 0) return null;
  return el("ul", { class: "counts" }, rows.map(([status, n]) => el("li", {}, chip(status), el("strong", { class: "n" }, number(n)))));
}

/** How far the answers lie from the truth, where a table of it was dropped. */
function truths(photos) {
  const errors = photos.map(errorMetres).filter((metre) => metre !== null).sort((a, b) => a - b);
  if (errors.length === 0) return null;
  return el("p", { class: "notice" }, t("batch.truth", {
    n: number(errors.length), median: metres(errors[Math.floor((errors.length - 1) / 2)]),
    within: number(errors.filter((e) => e <= 50).length),
  }));
}

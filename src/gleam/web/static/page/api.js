/* What the page asks the server: the only file that knows its routes. */

import { t } from "./text.js";

/** A refusal. `sentence`: what the server said, to be shown as it is; `status`: 0 when it was not reached. */
export class ApiError extends Error {
  constructor(sentence, status = 0, retryS = null) {
    super(sentence);
    this.sentence = sentence;
    this.status = status;
    this.retryS = retryS;
  }
}

const LONGEST_WAIT_S = 60;
const TRIES = 12;

/** Ask once; returns parsed JSON (null when there is no body). */
async function ask(path, options) {
  const response = await send(path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new ApiError(t("error.unreachable")); // it broke off, as when the server is killed
  }
}

/** Send a request; returns its response, or throws what the server said against it. */
async function send(path, { method = "GET", form, signal } = {}) {
  let response;
  try {
    response = await fetch(path, { method, headers: { Accept: "application/json" }, body: form, signal, credentials: "same-origin", cache: "no-store" });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new ApiError(t("error.unreachable"));
  }
  if (response.ok) return response;
  let said = null;
  try { said = (await response.json()).error; } catch { /* not ours: a proxy, say */ }
  const retry = Number(response.headers.get("Retry-After"));
  throw new ApiError(said || t("error.status", { status: response.status }), response.status,
    response.status === 429 || response.status === 503 ? Math.min(LONGEST_WAIT_S, retry || 2) : null);
}

/** Ask, and when the server is busy come back when it says; `onWait(seconds)` is told each second. */
async function askPatiently(path, options, onWait = () => {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(path, options);
    } catch (problem) {
      if (problem.retryS === null || problem.retryS === undefined || attempt >= TRIES) throw problem;
      // Several requests that were refused together must not come back together.
      for (let left = Math.ceil(problem.retryS * (1 + Math.random() * attempt)); left > 0; left -= 1) {
        onWait(left);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        options.signal?.throwIfAborted();
      }
      onWait(0);
    }
  }
}

/** A form with fields (objects as JSON) and, unless it is null, a photo. */
const photoForm = (file, fields = {}) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  if (file) form.append("photo", file, file.name || "photo");
  return form;
};

export const basemap = () => `${location.origin}/v1/basemap/{z}/{x}/{y}.png`;
export const tileImage = (tile) => `/v1/tiles/${encodeURIComponent(tile)}.jpg`;

/** Return {blob, name} of an export. `kind`: "results" or "jobs". */
export async function getExport(kind, id, format) {
  const response = await send(`/v1/${kind}/${encodeURIComponent(id)}/export?format=${encodeURIComponent(format)}`);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  return { blob: await response.blob(), name: named ? named[1] : `${id}.${format}` };
}

export const getAtlas = () => ask("/v1/atlas");
export const readMetadata = (file, position, signal) =>
  askPatiently("/v1/metadata", { method: "POST", form: photoForm(file, position ? { show_position: "true" } : {}), signal });
export const locate = (file, options, signal, onWait) =>
  askPatiently("/v1/locate", { method: "POST", form: photoForm(file, { options }), signal }, onWait);
export const getResult = (id) => ask(`/v1/results/${encodeURIComponent(id)}`);
export const explain = (file, request) => askPatiently("/v1/explain", { method: "POST", form: photoForm(file, { request }) });

export function startJob(files, options, onWait) {
  const form = new FormData();
  form.append("options", JSON.stringify(options));
  for (const file of files) form.append("photo", file, file.name);
  return askPatiently("/v1/jobs", { method: "POST", form }, onWait);
}
export const getJob = (id) => ask(`/v1/jobs/${encodeURIComponent(id)}`);
export const getJobResults = (id, after) => ask(`/v1/jobs/${encodeURIComponent(id)}/results?after=${after}`);
export const cancelJob = (id) => ask(`/v1/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
export const resumeJob = (id) => ask(`/v1/jobs/${encodeURIComponent(id)}/resume`, { method: "POST" });

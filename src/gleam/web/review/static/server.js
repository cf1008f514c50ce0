/* What the page asks the server: the only file that knows its routes. */

import { t } from "./words.js";

/** A refusal. `sentence`: to be shown; `status`: 0 when the server was not reached; `body`: what it sent. */
export class Refusal extends Error {
  constructor(sentence, status = 0, body = null) {
    super(sentence);
    this.sentence = sentence;
    this.status = status;
    this.body = body;
  }
}

async function ask(path, json) {
  const options = { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" };
  if (json !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
    options.keepalive = options.body.length < 30000; // what is on its way when the page closes still arrives
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal(t("error.unreachable"));
  }
  if (response.status === 204) return null;
  let body = null;
  try {
    body = await response.json();
  } catch {
    // An answer that breaks off, as when the server is killed, is no answer; a refusal may come from a proxy.
    if (response.ok) throw new Refusal(t("error.unreachable"));
  }
  if (!response.ok) throw new Refusal(body?.error || t("error.status", { status: response.status }), response.status, body);
  return body;
}

const query = (values) => new URLSearchParams(values).toString();

export const getCampaign = () => ask("/v1/campaign");
export const getNext = (reviewer, settling) => ask(`/v1/next?${query({ reviewer, settling })}`);
export const getItem = (reviewer, pair_id, settling) => ask(`/v1/item?${query({ reviewer, pair_id, settling })}`);
export const getRegions = (pair_id) => ask(`/v1/regions?${query({ pair_id })}`);
export const getHistory = (reviewer, pair_id) => ask(`/v1/history?${query({ reviewer, pair_id })}`);
export const getProgress = () => ask("/v1/progress");
export const sendDecision = (settling, sent) => ask(settling ? "/v1/adjudicate" : "/v1/review", sent);
export const sendDraft = (sent) => ask("/v1/draft", sent);
export const sendSkip = (reviewer, pair_id) => ask("/v1/skip", { reviewer, pair_id });
export const sendUndo = (reviewer) => ask("/v1/undo", { reviewer });
export const picture = (sha) => `/v1/pictures/${sha}`;

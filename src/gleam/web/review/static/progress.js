/* How far the review is, what became of the texts, how far reviewers agree. */

import { getProgress } from "./server.js";
import { number, t } from "./words.js";
import { byId, el } from "/static/page/dom.js";

const percent = (value) => (value === null ? "–" : `${number(100 * value, 1)} %`);

function table(title, head, rows, note) {
  return el("section", { class: "card pad stack" }, el("h2", {}, title),
    rows.length ? el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": title }, el("table", { class: "table" },
      el("thead", {}, el("tr", {}, head.map(([key, n]) => el("th", { scope: "col", class: n ? "n" : "" }, t(key))))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, n) => el("td", { class: head[n][1] ? "n" : "" }, cell)))))))
      : el("p", { class: "soft" }, t("none")),
    note && el("p", { class: "small soft" }, note));
}

export async function drawProgress() {
  const told = await getProgress();
  const language = (name) => t(`language.${name}`);
  const figure = (key, words) => el("div", {}, el("dt", { class: "small soft" }, t(key)), el("dd", { class: "figure n" }, words));
  const of = (done, needed) => t("progress.of", { done: number(done), needed: number(needed) });
  const discards = Object.entries(told.reasons).flatMap(([name, reasons]) =>
    Object.entries(reasons).filter(([, n]) => n).map(([reason, n]) => [language(name), t(`reason.${reason}`), number(n)]));
  byId("work").replaceChildren(el("div", { class: "progress-page stack" },
    el("div", { class: "row spread" }, el("h1", {}, t("progress.title")),
      el("button", { type: "button", class: "button", onclick: drawProgress }, t("progress.refresh"))),
    el("dl", { class: "figures card pad" },
      figure("progress.decided", of(told.verdicts.decided, told.items)),
      figure("progress.reviews", of(told.reviews.done, told.reviews.needed)),
      figure("progress.corrected", number(told.verdicts.corrected)),
      figure("progress.truth", number(told.verdicts.against_truth))),
    el("div", { class: "tables" },
      table(t("progress.standings"), [["col.standing"], ["col.count", true]],
        Object.entries(told.standings).map(([name, n]) => [t(`standing.${name}`), number(n)])),
      table(t("progress.texts"), [["col.language"], ["status.accepted", true], ["status.edited", true], ["status.discarded", true]],
        Object.entries(told.texts).map(([name, counts]) => [language(name), ...["accepted", "edited", "discarded"].map((one) => number(counts[one]))])),
      table(t("progress.agreement"), [["col.question"], ["col.people"], ["col.count", true], ["col.observed", true], ["col.kappa", true]],
        told.agreement.map((row) => [
          t(`question.${row.question}`, { language: row.language ? language(row.language) : "" }),
          row.reviewers ? t("agreement.and", { a: row.reviewers[0], b: row.reviewers[1] }) : t("agreement.all"),
          number(row.count), percent(row.observed), row.kappa === null ? t("kappa.undefined") : number(row.kappa, 3),
        ]), t("kappa.why")),
      table(t("progress.discards"), [["col.language"], ["col.reason"], ["col.texts", true]], discards),
      table(t("progress.people"), [["col.name"], ["col.reviews", true], ["col.settled", true], ["status.edited", true], ["status.discarded", true], ["col.seconds", true]],
        told.reviewers.map((one) => [one.name, number(one.reviews), number(one.adjudications), number(one.statuses.edited), number(one.statuses.discarded), one.seconds === null ? "–" : number(one.seconds, 1)])))));
}

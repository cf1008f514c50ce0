/* What an answer claims, in words. A probability is said as "about 9 in 10", and never as certainty. */

import { serverWords } from "./server_words.js";
import { maybe, number, t } from "./text.js";

export const STATUS_CLASS = {
  located: "located", ambiguous: "ambiguous", not_here: "not-here", cannot_tell: "cannot-tell",
  failed: "failed", waiting: "waiting", running: "waiting",
};
export const STATUS_ICON = {
  located: "check", ambiguous: "fork", not_here: "away", cannot_tell: "question", failed: "warning",
  waiting: "clock", running: "clock",
};

/** Whether a position is claimed at all. */
export const claims = (answer) => (answer.status === "located" || answer.status === "ambiguous") && answer.lat !== null;

/** Return a probability in words of frequency. */
export function chance(p) {
  if (p > 0.99) return t("chance.over99");
  if (p >= 0.93) return t("chance.in20", { n: Math.min(19, Math.round(p * 20)) });
  if (p >= 0.07) return t("chance.in10", { n: Math.max(1, Math.round(p * 10)) });
  if (p >= 0.01) return t("chance.in20", { n: 1 });
  return t("chance.under1");
}

/** Return a probability in percent; never 0 % and never 100 %. */
export function percent(p) {
  if (p > 0.99) return t("percent.over", { n: 99 });
  if (p < 0.01) return t("percent.under", { n: 1 });
  return t("percent", { n: number(Math.min(99, Math.max(1, Math.round(p * 100)))) });
}

/** Return a remark as a sentence of its own. */
function sentence(remark) {
  const whole = remark[0].toUpperCase() + remark.slice(1);
  return whole + (/[\u4e00-\u9fff]$/.test(whole) ? "\u3002" : ".");
}

/** Return the calibrated sentence of an answer: "about 9 in 10 within 50 m on set X". */
export function calibrated(answer) {
  if (answer.probability === null || !answer.calibration) {
    // Why nothing is claimed though such photos are calibrated, where that is so.
    const why = (answer.notes ?? []).find((note) => note.includes("no probability given"));
    return why ? sentence(serverWords(why)) : t("answer.not_calibrated");
  }
  return t("answer.calibrated", {
    chance: chance(answer.probability),
    metres: number(answer.calibration.within_m),
    set: answer.calibration.name,
  });
}

export const viewName = (view) => maybe(`view.${view}`, view);

/* Why: what was measured for and against a candidate, and the sentences about it in both languages. */

import { byId, el } from "./dom.js";
import { state } from "./state.js";
import { touched } from "./photos.js";
import { current, maybe, number, t } from "./text.js";
import { claims, percent } from "./wording.js";
import { regionsIn } from "./regions.js";
import { serverSays } from "./server_words.js";
import { askAgain, candidateOf, chooseExplainer, explainerName, verdictOf } from "./verdicts.js";

const SPOKEN = [["en", "English", "en"], ["zh", "中文", "zh-CN"]];
let tab = null;

export function explanationPart(photo) {
  const { rank } = state;
  if (!candidateOf(photo, rank)) return null;
  const chosen = tab ?? current();
  const title = !claims(photo.result.answer) && rank === 1 ? t("why.closest") : rank === 1 ? t("why.best") : t("why.other", { rank });
  return el("section", { class: "why", "aria-labelledby": "why-title" },
    el("h3", { id: "why-title" }, title),
    !verdictOf(photo, rank) ? el("p", { class: "hint" }, t("why.gone")) : [
      disagreement(photo, rank),
      measured(verdictOf(photo, rank), rank),
      tabs(chosen),
      el("div", { class: "why-text", role: "tabpanel", id: "why-panel", "aria-labelledby": `why-${chosen}`, tabindex: 0, lang: chosen === "zh" ? "zh-CN" : "en" }, body(photo, rank, chosen)),
    ]);
}

function tabs(chosen) {
  const names = state.atlas?.explainers ?? [];
  const select = (language) => {
    tab = language;
    touched();
    byId(`why-${language}`)?.focus();
  };
  return el("div", { class: "row spread" },
    el("div", { class: "segments", role: "tablist", "aria-label": t("why.languages") }, SPOKEN.map(([language, name, lang]) => el("button", {
      type: "button", role: "tab", id: `why-${language}`, lang, "aria-selected": language === chosen ? "true" : "false", "aria-controls": "why-panel",
      tabindex: language === chosen ? 0 : -1, onclick: () => select(language),
      onkeydown: (event) => {
        if (event.key === "ArrowRight" || event.key === "ArrowLeft") select(language === "en" ? "zh" : "en");
      },
    }, name))),
    names.length > 1 && el("select", { class: "input explainer", id: "explainer", "aria-label": t("why.explainer"), onchange: (event) => chooseExplainer(event.target.value) },
      names.map((name) => el("option", { value: name, selected: name === explainerName() }, maybe(`explainer.${name}`, name)))));
}

/** An explanation never changes an answer; where the two differ, that is said. */
function disagreement(photo, rank) {
  const { answer } = photo.result;
  const verdict = verdictOf(photo, rank)?.verdict;
  if (!verdict || rank !== 1 || verdict.match === (answer.status === "located") || !(claims(answer) || verdict.match)) return null;
  if (answer.status === "ambiguous" && verdict.match) return null;
  return el("p", { class: "notice warn" }, t(verdict.match ? "why.match_unclaimed" : "why.no_match_claimed"));
}

/** The measured regions as two lists, in the language of the page. */
function measured(asked, rank) {
  if (!asked?.verdict) return null;
  const most = Math.max(...regionsIn(asked.verdict).map((r) => Math.abs(r.share)), 0.01);
  const list = (regions, key) => el("div", { class: "evidence" },
    el("h4", {}, t(key)),
    regions.length === 0 ? el("p", { class: "hint" }, t("why.nothing"))
      : el("ul", {}, regions.map((region) => evidence(region, rank, most))));
  return el("div", { class: "evidence-pair" }, list(asked.verdict.evidence_for, "why.for"), list(asked.verdict.evidence_against, "why.against"));
}

function evidence(region, rank, most) {
  const side = region.supports ? "for" : "against";
  return el("li", {}, el("button", { type: "button", class: `evidence-row ${side}`, id: `evidence-${region.number}`, dataset: { region: `${rank}:${region.number}` } },
    el("i", { class: `number ${side}` }, String(region.number)),
    el("span", { class: "evidence-where" }, t("why.where", { metres: number(region.distance_m), direction: t(`direction.${region.direction}`) })),
    el("span", { class: "evidence-bar" }, el("span", { class: "evidence-fill", style: { "--share": String(Math.abs(region.share) / most) } })),
    el("span", { class: "n soft" }, t("why.share", { n: number(100 * Math.abs(region.share)) }))));
}

function body(photo, rank, language) {
  const asked = verdictOf(photo, rank, language);
  if (asked?.verdict && asked.verdict.language !== language) return el("p", { class: "hint", lang: document.documentElement.lang }, t("why.gone"));
  if (!asked || asked.loading) return el("p", { class: "row soft" }, el("span", { class: "spinner" }), t("why.loading"));
  if (asked.error) {
    return el("div", { class: "stack" }, el("p", { class: "notice bad" }, serverSays(asked.error)),
      el("div", {}, el("button", { type: "button", class: "button", id: "why-again", onclick: () => askAgain(photo, rank, language) }, t("go.retry"))));
  }
  const { verdict } = asked;
  return [
    ...paragraphs(verdict.text, rank),
    verdict.reasons?.length > 0 && el("p", { class: "why-head", lang: document.documentElement.lang }, t("why.reasons")),
    verdict.reasons?.length > 0 && el("ul", { class: "notes" }, verdict.reasons.map((reason) => el("li", {}, reason))),
    el("p", { class: "soft small", lang: document.documentElement.lang }, signature(verdict)),
  ].filter(Boolean);
}

function signature(verdict) {
  const parts = [t("why.by", { explainer: maybe(`explainer.${verdict.explainer}`, verdict.explainer) })];
  if (verdict.probability !== null) {
    parts.push(t("why.probability", { percent: percent(verdict.probability), source: maybe(`why.from.${verdict.probability_from}`, "") }));
  }
  parts.push(t("unit.ms", { n: number(1000 * verdict.seconds) }));
  return parts.join(" · ");
}

const REGION = /(?:Region|区域)\s*(\d+)/;

/** Sentences about one region become a line of their own, linked to the pictures. */
export function paragraphs(text, rank) {
  const out = [];
  let plain = [];
  const flush = () => {
    if (plain.length) out.push(el("p", {}, plain.join(" ")));
    plain = [];
  };
  for (const sentence of text.match(/[^.。!?！？]+(?:[.!?](?=\d)[^.。!?！？]*)*[.。!?！？]*/g) ?? [text]) {
    const said = sentence.trim();
    if (!said) continue;
    const headed = /^([^:：]{1,40}[:：])\s*(.*)$/s.exec(said);
    const rest = headed ? headed[2] : said;
    const found = REGION.exec(rest);
    if (!found) {
      plain.push(said);
      continue;
    }
    flush();
    if (headed) out.push(el("p", { class: "why-head" }, headed[1]));
    out.push(el("p", { class: "why-region", dataset: { region: `${rank}:${found[1]}` } }, rest));
  }
  flush();
  return out;
}

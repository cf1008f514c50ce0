/* What the page knows at this moment. */

export const state = {
  campaign: null,
  reviewer: "",
  part: "review", // review, settle, progress
  item: null, // as the server showed it
  work: null, // what the person makes of it: match, texts by language, base
  begun: 0, // when the item was opened
  busy: false,
  warned: false, // the warning about a corrected verdict was shown
};

export const settling = () => state.part === "settle";

/** Return the first work on an item: what was decided before, else the teacher's texts as they are. */
export function freshWork(item) {
  const texts = {};
  for (const { language, texts: choices } of item.languages) {
    const before = item.mine?.texts[language];
    texts[language] = before
      ? { teacher: before.teacher, text: before.text, discard: before.discard }
      : { teacher: choices[0].teacher, text: choices[0].text, discard: null };
  }
  return { match: item.mine?.match ?? item.teacher_match ?? null, texts, base: item.base };
}

export const tidy = (text) => text.split(/\r\n|\r|\n/).map((line) => line.trimEnd()).join("\n").trim();

export const original = (language) => {
  const { texts } = state.item.languages.find((one) => one.language === language);
  return texts.find((text) => text.teacher === state.work.texts[language].teacher) ?? texts[0];
};

export function statusOf(language) {
  const work = state.work.texts[language];
  if (work.discard) return "discarded";
  return tidy(work.text) === tidy(original(language).text) ? "accepted" : "edited";
}

/** Tell whether work differs from what one would see on opening the item. */
export function changed() {
  const fresh = freshWork(state.item);
  if (fresh.match !== state.work.match) return true;
  return Object.entries(state.work.texts).some(([language, { teacher, text, discard }]) =>
    text !== fresh.texts[language].text || teacher !== fresh.texts[language].teacher
    || JSON.stringify(discard) !== JSON.stringify(fresh.texts[language].discard));
}

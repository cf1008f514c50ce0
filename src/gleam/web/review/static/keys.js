/* The keyboard: single letters while no text is being written, Ctrl+Enter and Escape while one is. */

import { keysOn, showHelp, showHistory } from "./dialogs.js";
import { discard, save, setMatch, skip, take } from "./item.js";
import { fit, toggleLarge, toggleRegions, zoom } from "./pictures.js";
import { settling, state } from "./state.js";
import { takeTeacher } from "./texts.js";
import { byId } from "/static/page/dom.js";

const edit = (place) => {
  const language = state.item.languages[place]?.language;
  if (!language) return;
  const field = byId(`text-${language}`);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
};
const otherTeacher = () => {
  const focused = document.activeElement.closest?.("[data-language]")?.dataset.language;
  for (const { language, texts } of state.item.languages) {
    if (texts.length > 1 && (!focused || focused === language)) takeTeacher(language, null, () => {});
  }
};

const acts = {
  a: () => save(),
  d: () => discard(null),
  m: () => setMatch(!state.work.match),
  e: () => edit(0),
  1: () => edit(0),
  2: () => edit(1),
  t: otherTeacher,
  n: () => skip(),
  r: toggleRegions,
  z: toggleLarge,
  "+": () => zoom(1.5),
  "=": () => zoom(1.5),
  "-": () => zoom(1 / 1.5),
  0: fit,
  h: () => showHistory(),
  j: () => settling() && take(0),
  k: () => settling() && take(1),
};

export function wireKeys({ undo, trouble }) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const writing = event.target.matches?.("textarea, input, select");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (state.item) save();
    } else if (event.key === "Escape" && writing) event.target.blur();
    else if (!writing && !event.ctrlKey && !event.metaKey && !event.altKey && keysOn()) {
      const key = event.key.toLowerCase();
      let act = null;
      if (key === "?") act = showHelp;
      else if (key === "u") act = undo;
      else if (state.item && Object.hasOwn(acts, key)) act = acts[key];
      if (!act || (event.repeat && !"+-=".includes(key))) return;
      event.preventDefault();
      Promise.resolve(act()).catch(trouble);
    }
  });
}

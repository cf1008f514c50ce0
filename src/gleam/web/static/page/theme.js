/* Light, dark, or what the browser asks for. */

import { byId, fill, icon } from "./dom.js";
import { onLanguage, t } from "./text.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

export function wireTheme() {
  byId("theme").addEventListener("click", () => {
    const wished = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = wished;
    try { localStorage.setItem("gleam.theme", wished); } catch { /* a private window keeps nothing */ }
    name();
  });
  dark.addEventListener("change", name);
  onLanguage(name);
}

function name() {
  const words = t(isDark() ? "theme.light" : "theme.dark");
  const button = byId("theme");
  fill(button, icon(isDark() ? "sun" : "moon"));
  button.setAttribute("aria-label", words);
  button.title = words;
}

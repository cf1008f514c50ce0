/* Runs before the first paint, so that a chosen theme or language does not flicker. */
(function () {
  function kept(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  }
  const theme = kept("gleam.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const wished = kept("gleam.language") || (navigator.languages || []).find((l) => /^(en|zh)\b/i.test(l)) || "en";
  document.documentElement.lang = /^zh/i.test(wished) ? "zh" : "en";
})();

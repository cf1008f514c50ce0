/* Taking an answer along: a file in every format, a link. */

import { ApiError, getExport } from "./api.js";
import { byId, el, fill, icon, save } from "./dom.js";
import { state } from "./state.js";
import { maybe, t } from "./text.js";
import { copyButton } from "./parts.js";
import { serverSays } from "./server_words.js";

let wished = "geojson";

/** Choose a format and download. `kind`: "results" or "jobs". */
export function exportPart(kind, id) {
  const formats = state.atlas?.formats ?? ["geojson"];
  if (!formats.includes(wished)) [wished] = formats;
  return el("section", { class: "export", "aria-labelledby": "export-title" },
    el("h3", { id: "export-title" }, t("export.title")),
    el("div", { class: "row" },
      el("select", { class: "input", id: "export-format", "aria-label": t("export.format"), onchange: (event) => { wished = event.target.value; } },
        formats.map((name) => el("option", { value: name, selected: name === wished }, maybe(`export.${name}`, name)))),
      el("button", { type: "button", class: "button", id: "export", onclick: () => take(kind, id) }, icon("download"), t("export.download"))),
    el("p", { class: "notice bad", id: "export-problem", role: "alert", hidden: true }),
    el("p", { class: "hint" }, t("export.no_exif")));
}

async function take(kind, id) {
  const place = byId("export-problem");
  place.hidden = true;
  try {
    const { blob, name } = await getExport(kind, id, wished);
    save(blob, name);
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    place.hidden = false;
    fill(place, serverSays(problem.sentence));
  }
}

/** Copy the address that shows this again. */
export function linkPart(path) {
  const address = `${location.origin}${path}`;
  return el("div", { class: "link-row" },
    el("span", { class: "link-words" }, icon("link"), el("span", { class: "soft small" }, t("link.title")), el("span", { class: "soft small mono" }, path)),
    copyButton("copy-link", address, t("link.copy")));
}

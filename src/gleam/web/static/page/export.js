/* Taking an answer along: a file in every format, a link. */

import { exportAddress } from "./api.js";
import { download, el, icon } from "./dom.js";
import { state } from "./state.js";
import { maybe, t } from "./text.js";
import { copyButton } from "./parts.js";

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
      el("button", { type: "button", class: "button", id: "export", onclick: () => download(exportAddress(kind, id, wished), "") }, t("export.download"))),
    el("p", { class: "hint" }, t("export.no_exif")));
}

/** Copy the address that shows this again. */
export function linkPart(path) {
  const address = `${location.origin}${path}`;
  return el("div", { class: "link-row" },
    el("span", { class: "link-words" }, icon("link"), el("span", { class: "soft small" }, t("link.title")), el("span", { class: "soft small mono" }, path)),
    copyButton("copy-link", address, t("link.copy")));
}

/* How photos come in: dropped anywhere, pasted, chosen, or a whole folder. */

import { byId } from "./dom.js";

const PHOTO = /\.(jpe?g|png|webp|tiff?|bmp)$/i;
const TABLE = /\.csv$/i;

/** Wire the page; `onFiles({photos, tables, others})` is called with File lists (others: a count). */
export function listenForFiles(onFiles) {
  const files = byId("files");
  const folder = byId("folder");
  byId("choose").addEventListener("click", () => files.click());
  byId("choose-folder").addEventListener("click", () => folder.click());
  for (const input of [files, folder]) {
    input.addEventListener("change", () => {
      onFiles(sorted([...input.files]));
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length) onFiles(sorted(pasted));
  });
  listenForDrops(onFiles);
}

function listenForDrops(onFiles) {
  const veil = byId("drop-anywhere");
  let depth = 0;
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth -= 1;
    if (depth <= 0) veil.hidden = true;
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("drop", async (event) => {
    depth = 0;
    veil.hidden = true;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onFiles(sorted(await dropped(event.dataTransfer)));
  });
}

/** Return all files of a drop, with those inside dropped folders. */
async function dropped(transfer) {
  // The entries must be taken before the first await: the list is empty afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inside of some) await collect(inside, found);
  }
}

function sorted(files) {
  const seen = files.filter((file) => !file.name.startsWith("."));
  const tables = seen.filter((file) => TABLE.test(file.name));
  // One file alone is always tried: the server says best what is wrong with it.
  const rest = seen.filter((file) => !TABLE.test(file.name));
  const photos = seen.length === 1 ? rest
    : rest.filter((file) => PHOTO.test(file.name) || (file.type.startsWith("image/") && !/svg/.test(file.type)));
  photos.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  return { photos, tables, others: seen.length - photos.length - tables.length };
}

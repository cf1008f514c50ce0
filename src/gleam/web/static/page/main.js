/* Starts the page: words, server, map, photos, and what the address asks for. */

import { ApiError, getAtlas } from "./api.js";
import { byId, fill, icon } from "./dom.js";
import { on, state, update } from "./state.js";
import { askMetadata, choose, locateOne, newPhoto, removeAll, reopen } from "./photos.js";
import { choose as chooseLanguage, count, current, onLanguage, speak, t } from "./text.js";
import { loadServerWords, serverSays } from "./server_words.js";
import { wireTheme } from "./theme.js";
import { listenForFiles } from "./intake.js";
import { wirePhotoList } from "./photo_list.js";
import { wireHints } from "./hints.js";
import { makeMap } from "./map.js";
import { wireMap } from "./on_map.js";
import { wireDrawing } from "./drawing.js";
import { wireAnswer } from "./answer.js";
import { wireReasons } from "./reasons.js";
import { wireCompare } from "./compare.js";
import { wireTable } from "./table.js";
import { linkTwins } from "./regions.js";
import { wireDialogs } from "./dialogs.js";
import { listenForKeys } from "./keys.js";
import { asked, goTo } from "./route.js";
import { numberIn, reopenBatch } from "./batch.js";
import { readTruths, setTruth } from "./truth.js";

const RETRY_MS = 4000;

async function start() {
  await Promise.all([speak(current()), loadServerWords()]);
  for (const [id, name] of [["zoom-in", "plus"], ["zoom-out", "minus"], ["fit", "fit"], ["heat", "heat"], ["open-help", "keyboard"]]) fill(byId(id), icon(name));
  byId("choose").prepend(icon("upload"));
  byId("choose-folder").prepend(icon("folder"));
  wireLanguages();
  wireTheme();
  wirePhotoList();
  wireHints();
  wireAnswer();
  wireReasons();
  wireCompare();
  wireTable();
  wireDialogs();
  linkTwins();
  listenForKeys();
  listenForFiles(receive);
  on(["photos", "chosen", "panel"], stage);
  on(["chosen", "photos", "job"], follow);
  on(["trouble"], showTrouble);
  addEventListener("popstate", () => (asked().kind === "start" ? removeAll() : open().catch(report)));
  await chooseSpoken();
  await reach();
  await open().catch(report);
  document.body.dataset.ready = "yes";
}

function wireLanguages() {
  const mark = () => {
    for (const name of ["en", "zh"]) byId(`speak-${name}`).setAttribute("aria-pressed", current() === name ? "true" : "false");
  };
  for (const name of ["en", "zh"]) byId(`speak-${name}`).addEventListener("click", () => chooseLanguage(name));
  onLanguage(mark);
}

/** Draw everything once, in the language that is loaded. */
async function chooseSpoken() {
  await speak(current());
}

/** Ask for the atlas until the server answers. */
async function reach() {
  for (;;) {
    try {
      const atlas = await getAtlas();
      update({ atlas, trouble: null });
      const chosen = (() => { try { return localStorage.getItem("gleam.language"); } catch { return null; } })();
      if (atlas.language && !chosen && atlas.language !== current()) await speak(atlas.language);
      break;
    } catch (problem) {
      report(problem);
      if (problem.status === 401) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  const map = await makeMap(state.atlas);
  if (!map) return;
  wireMap(map);
  wireDrawing(map, (position) => state.chosen && setTruth(state.chosen, position, "map"));
}

function report(problem) {
  if (!(problem instanceof ApiError)) throw problem;
  update({ trouble: problem.sentence });
}

function showTrouble() {
  const place = byId("trouble");
  place.hidden = !state.trouble;
  fill(place, state.trouble ? serverSays(state.trouble) : null);
}

/** Take in what was dropped, pasted or chosen. One photo is located at once; several wait for the button. */
async function receive({ photos, tables, others }) {
  const leftOut = byId("left-out");
  leftOut.hidden = others === 0;
  leftOut.textContent = others ? count("drop.left_out", others) : "";
  const added = photos.map((file) => newPhoto(file));
  if (added.length) {
    const first = added.length === 1 ? added[0] : null;
    update({ photos: [...state.photos, ...added], chosen: first, panel: first ? "compare" : "table", trouble: null });
    if (first) {
      const metadata = askMetadata(first);
      if (state.atlas) await Promise.all([metadata, locateOne(first)]);
    }
  }
  for (const table of tables) await takeTruths(table);
}

async function takeTruths(table) {
  const truths = readTruths(await table.text());
  const leftOut = byId("left-out");
  let met = 0;
  for (const photo of state.photos) {
    const truth = truths?.get(photo.name);
    if (truth) {
      setTruth(photo, truth, "table");
      met += 1;
    }
  }
  leftOut.hidden = met > 0;
  leftOut.textContent = met ? "" : t(truths ? "truth.table_unmatched" : "truth.table_unreadable", { name: table.name });
}

/** Show what the address asks for. */
async function open() {
  const { kind, id, photo } = asked();
  if (kind === "result" && state.chosen?.result?.id !== id) {
    const held = state.photos.find((photo) => photo.result?.id === id);
    if (held) choose(held);
    else await reopen(id);
  } else if (kind === "batch") {
    if (state.job?.id !== id) await reopenBatch(id);
    if (photo) choose(state.job.photos[photo - 1] ?? null);
    else update({ chosen: null, panel: "table" });
  }
}

/** Keep the address in step with what is shown, and read the metadata of a photo once it is looked at. */
function follow() {
  const { chosen, job, photos } = state;
  if (chosen?.file && !chosen.metadata && !chosen.metadataError && chosen.metadataAsked === undefined) {
    chosen.metadataAsked = true;
    askMetadata(chosen);
  }
  if (chosen?.result?.id) goTo(`/r/${chosen.result.id}`);
  else if (job?.id && numberIn(job, chosen)) goTo(`/b/${job.id}#${numberIn(job, chosen)}`);
  else if (job?.id && !chosen) goTo(`/b/${job.id}`);
  else if (photos.length === 0 && document.body.dataset.ready) goTo("/");
}

function stage() {
  const { photos, chosen } = state;
  document.body.dataset.stage = photos.length === 0 ? "empty" : chosen?.result ? "answer" : "photos";
}

start();

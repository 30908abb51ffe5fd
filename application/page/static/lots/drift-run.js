// The drift of one prediction: its sensors, and what it predicted of them.

import { hashOf } from "../address.js";
import { h } from "../dom.js";
import { many, percent } from "../format.js";
import { driftByLot } from "./drift-lots.js";

const KINDS = [
  ["moved", "Moved", "The distribution of the readings has shifted."],
  ["left", "Left their range", "Too many readings lie outside the range of training."],
  ["silent", "Fell silent", "No reading, though there were some in training."],
];
const SHOWN = 40; // sensors of a kind; Sensors lists them all

export const driftOf = (run) =>
  h(
    "section",
    { class: "card", "aria-labelledby": "drift-title" },
    h("h2", { id: "drift-title", class: "break" }, run.run_id),
    h(
      "p",
      { class: "small" },
      `${many(run.outside.length, "sensor")} of ${run.sensors} outside, in ${many(run.wafers, "wafer")}; ${percent(run.unlike, 1)} of these are unlike every training wafer. `,
      h("a", { href: hashOf("lots", "", { run: run.run_id }) }, "Its lots"),
      " · ",
      h("a", { href: hashOf("results", run.run_id) }, "Its wafers"),
    ),
    run.warnings.map((each) => h("div", { class: "notice inspect" }, h("p", {}, each))),
    KINDS.map(([kind, title, words]) => sensors(run, title, words, run[kind])),
    run.outside.length === 0 && h("p", {}, "Every sensor reads as in training."),
    driftByLot(run),
  );

const sensors = (run, title, words, names) =>
  names.length > 0 && [
    h("h3", {}, `${title} (${names.length})`),
    h("p", { class: "small" }, words),
    h(
      "ul",
      { class: "sensor-names" },
      names.slice(0, SHOWN).map((name) => h("li", {}, h("a", { href: hashOf("sensors", name, { run: run.run_id }) }, name))),
      names.length > SHOWN && h("li", { class: "small" }, `and ${many(names.length - SHOWN, "more", "more")}`),
    ),
  ];

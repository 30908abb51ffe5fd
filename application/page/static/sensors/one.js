// One sensor over the wafers of a prediction: run chart, distributions, files, and the wafers that stand out.

import { hashOf } from "../address.js";
import { distributionChart } from "../charts/distributions.js";
import { figure } from "../charts/figure.js";
import { runChart } from "../charts/run-chart.js";
import { h } from "../dom.js";
import { count, many, percent, reading } from "../format.js";
import { filesTable, waferAddress, wafersTable } from "./tables.js";

/** The training wafers' range as a prediction sees it: where 90 % of the passing ones read, and their extremes. */
export function rangeOf({ levels, training }) {
  const at = (level) => training?.passing[levels.indexOf(level)] ?? null;
  return { low: at(0.05), high: at(0.95), least: at(0), most: at(1) };
}

export function oneSensor(found) {
  const range = rangeOf(found);
  return [
    h("section", { class: "card", "aria-label": found.sensor }, head(found, range), overWafers(found, range)),
    h("section", { class: "card", "aria-label": "Distributions" }, h("h2", { class: "unseen" }, "Distributions"), distributions(found)),
    h("div", { class: "side-by-side" }, filesTable(found), wafersTable(found, range)),
  ];
}

function head(found, range) {
  const { screened, training } = found;
  const facts = [
    ["Wafers", count(found.wafers)],
    ["Silent", found.silent === 0 ? "none" : `${count(found.silent)} (${percent(found.silent / found.wafers)})`],
    ["Silent in training", training ? percent(training.missing) : "–"],
    ["Usual range", range.low === null ? "–" : `${reading(range.low)} to ${reading(range.high)}`],
    ["Stability index", screened?.stability === null || !screened ? "–" : screened.stability.toFixed(2)],
    ["Median at", percent(screened?.level)],
    ["Flagged wafers that name it", screened ? count(screened.flagged) : "–"],
  ];
  return h(
    "div",
    {},
    h(
      "div",
      { class: "heading" },
      h("h2", {}, found.sensor),
      screened?.newly_silent && h("span", { class: "verdict inspect" }, "newly silent"),
      screened?.moved && h("span", { class: "verdict inspect" }, "moved"),
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button", href: hashOf("sensors", "", { run: found.run_id }) }, "All sensors"),
        h("a", { class: "button", href: hashOf("results", found.run_id) }, "Results"),
        h("a", { class: "button", href: `/runs/${encodeURIComponent(found.run_id)}/sensors/${encodeURIComponent(found.sensor)}/readings.csv`, download: true }, "All readings, CSV"),
      ),
    ),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    !screened && h("p", { class: "small" }, "The model does not use this sensor: it read nothing in training, or always the same."),
  );
}

function overWafers(found, range) {
  const shifted = found.batches.filter((each) => each.shifted);
  const silent = found.batches.filter((each) => each.wafers > 0 && each.silent === each.wafers);
  const name = `${found.sensor} over ${many(found.wafers, "wafer")} in order. ${shifted.length === 0 ? "No file has shifted" : `${many(shifted.length, "file")} shifted, from ${shifted[0].file} on`}${silent.length > 0 ? `; silent in ${many(silent.length, "file")}` : ""}.`;
  const limits = range.least === null ? [] : [range.least, range.most].map((value) => ({ value, words: "training range" }));
  return figure({
    title: `${found.sensor} over the wafers in order`,
    name: `${found.run_id}-${found.sensor}`,
    words: [thinning(found), training(range)].join(" "),
    draw: (width) =>
      runChart({
        name,
        about: training(range),
        title: found.sensor,
        width,
        total: found.wafers,
        points: found.points.map(pointOf),
        band: range.low === null ? undefined : { low: range.low, high: range.high, words: "90 % of passing" },
        limits,
        steps: found.batches.filter((each) => each.median !== null).map((each) => ({ from: each.first, to: each.first + each.wafers, value: each.median, shifted: each.shifted })),
        silent: silent.map((each) => ({ from: each.first, to: each.first + each.wafers })),
        breaks: found.batches.length <= 40 ? found.batches.map((each) => each.first) : [],
        choose: (point) => (location.hash = waferAddress(found.run_id, point)),
      }),
    columns: ["place", "wafer", "file", "reading", "verdict", "learned from", "rank", "outcome"],
    rows: found.points.map((each) => [each.at + 1, each.wafer, each.file, each.value, each.verdict, each.in_training, each.rank, each.outcome]),
  });
}

/** A reading in the chart; the verdict on a wafer that the model learned from is no forecast, so it is no flag. */
const pointOf = (each) => ({
  ...each,
  flagged: each.verdict !== "pass" && !each.in_training,
  learned: each.in_training,
  words: `${each.wafer}: ${reading(each.value)}, ${each.in_training ? "learned from" : each.verdict}`,
});

const thinning = ({ stretch, points, wafers, silent }) =>
  stretch === 1
    ? `Every reading is shown, by the time of its file, then by wafer. Click one for its wafer.`
    : `${count(points.length)} of ${count(wafers - silent)} readings are shown: of each ${count(stretch)} consecutive ones the lowest, the highest and that of the most suspicious wafer. Click one for its wafer.`;

const training = ({ low }) =>
  low === null
    ? "The training wafers of this version are not known."
    : "The band is where 90 % of the passing training wafers read, the dashed lines are the lowest and the highest of them. A file is shifted when at least ten wafers read and their median is outside the middle 80 %.";

function distributions(found) {
  const { levels, training: then } = found;
  const passing = then ? then.wafers - then.failures : 0;
  const groups = [
    then && { kind: "pass", words: `passing in training (${count(passing)})`, quantiles: then.passing },
    then && { kind: "fail", words: `failing in training (${count(then.failures)})`, quantiles: then.failing },
    found.now && { kind: "now", words: `this prediction (${count(found.now.wafers)})`, quantiles: found.now.quantiles },
    found.passed && { kind: "passed", words: `known to pass (${count(found.passed.wafers)})`, quantiles: found.passed.quantiles },
    found.failed && { kind: "failed", words: `known to fail (${count(found.failed.wafers)})`, quantiles: found.failed.quantiles },
  ].filter(Boolean);
  const told = groups.map((each) => ({ ...each, levels }));
  const medians = told.map((each) => `${each.words}: median ${reading(each.quantiles[levels.indexOf(0.5)])}`).join("; ");
  return figure({
    title: "Passing and failing wafers",
    name: `${found.run_id}-${found.sensor}-distributions`,
    words: `From quantiles, each scaled to its own peak. ${found.passed || found.failed ? "" : "Too few outcomes of this prediction are known to draw them."}`,
    draw: (width) => distributionChart({ name: `Distributions of ${found.sensor}. ${medians}.`, about: "Densities from quantiles.", title: found.sensor, groups: told, width }),
    columns: ["level", ...told.map((each) => each.words)],
    rows: levels.map((level, place) => [level, ...told.map((each) => each.quantiles[place])]),
  });
}

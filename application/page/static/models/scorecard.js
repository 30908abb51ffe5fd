// What the wafers that a version predicted turned out to be, by period.

import { hashOf } from "../address.js";
import { calibrationChart } from "../charts/curves.js";
import { promiseChart } from "../charts/periods.js";
import { h, table } from "../dom.js";
import { count, fixed, many } from "../format.js";
import { RECORD, record, sideBySide } from "./record.js";

/** What the version's wafers turned out to be, by period; `turn` asks for other periods. */
export function scorecard(card, turn) {
  const title = h("h3", { id: "scorecard-title" }, "Live scorecard");
  const page = h("a", { href: hashOf("scorecard", String(card.version)) }, "As a page, by run too");
  if (card.total.wafers === 0) return h("section", { class: "card", "aria-labelledby": "scorecard-title" }, title, h("p", { class: "small" }, noOutcomes(card)));
  const units = h(
    "select",
    { id: "period", on: { change: () => turn(units.value) } },
    ["day", "week", "month"].map((unit) => h("option", { value: unit, selected: unit === card.unit }, unit)),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "scorecard-title" },
    h("div", { class: "heading" }, title, h("label", { for: "period", class: "small" }, "by "), units, page),
    h(
      "div",
      { class: "pictures" },
      h("figure", {}, h("figcaption", {}, "False alarms against the promise"), promiseChart(card)),
      h("figure", {}, h("figcaption", {}, "Calibration"), calibrationChart(card)),
    ),
    table("Live scorecard", [["Period", ""], ...RECORD], [...card.periods, card.total].map((each) => record(each.period, each))),
    card.comparison && sideBySide(card.comparison),
    h("p", { class: "small" }, summed(card)),
  );
}

/** What stands below a scorecard. */
export const summed = (card) =>
  `${fixed(card.total.expected_failures, 1)} failing wafers were expected, ${count(card.total.failures)} came. Intervals are exact binomial ones of 90 %. ${many(card.in_training, "wafer")} of the training set left out. ${card.reviewed.sentence}`;

/** What stands in its place where nothing is known yet. */
export const noOutcomes = (card) => [
  "No outcomes on unseen wafers yet: of no wafer that this version predicted, and had not learned from, is it known what it turned out to be. Send outcomes on ",
  h("a", { href: "#/runs" }, "Runs"),
  `. ${card.reviewed.sentence}`,
];

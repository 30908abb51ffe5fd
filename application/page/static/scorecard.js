// The live scorecard of a version: what it promised against what came of it, prediction by prediction and by time.

import { hashOf } from "./address.js";
import * as api from "./api.js";
import { WIDE } from "./charts/axes.js";
import { calibrationChart } from "./charts/curves.js";
import { figure } from "./charts/figure.js";
import { promiseChart } from "./charts/periods.js";
import { within } from "./contract.js";
import { announce, empty, failure, h, put, table } from "./dom.js";
import { count, percent } from "./format.js";
import { choice } from "./lots/choice.js";
import { frame } from "./lots/frame.js";
import { RECORD, record, sideBySide, STATEMENTS } from "./models/record.js";
import { noOutcomes, summed } from "./models/scorecard.js";

const UNITS = ["run", "day", "week", "month"];

export function scorecardScreen(main) {
  const { tools, body } = frame(main, "Scorecard", "scorecard", "the scorecard");
  let last = ["", {}];
  let closed = false;

  async function go(place, state) {
    last = [place, state];
    try {
      const { models, production } = await api.get(within("/models"));
      const version = Number(place) || production || models[0]?.version;
      if (!version) return put(body, empty("No model yet", "The first training on ", h("a", { href: "#/runs" }, "Runs"), " creates version 1."));
      const card = await api.get(within(`/models/${version}/scorecard?period=${UNITS.includes(state.by) ? state.by : "run"}`));
      if (closed || last[1] !== state) return;
      put(tools, choices(card, models));
      put(body, card.total.wafers > 0 ? shown(card) : empty(`No scorecard of version ${version} yet`, noOutcomes(card)));
      announce(`Version ${version}: ${card.total.statement}.`);
    } catch (problem) {
      if (!closed) put(body, failure(problem, () => go(place, state)));
    }
  }

  return { go, again: () => go(...last), close: () => (closed = true) };
}

const choices = (card, models) => [
  choice(
    "version",
    "Version",
    String(card.version),
    models.map((each) => [String(each.version), `Version ${each.version}${each.production ? " (production)" : ""}`]),
    (version) => (location.hash = hashOf("scorecard", version, { by: card.unit })),
  ),
  choice("by", "By", card.unit, UNITS.map((each) => [each, each === "run" ? "prediction" : each]), (by) => {
    location.hash = hashOf("scorecard", String(card.version), { by });
  }),
  h("p", {}, h("a", { href: hashOf("models", String(card.version)) }, `Version ${card.version} on Models`)),
];

const shown = (card) => [
  tiles(card.total),
  h("section", { class: "card", "aria-label": "False alarms" }, h("h2", { class: "unseen" }, "Over time"), promise(card)),
  h(
    "section",
    { class: "card flush", "aria-label": "Periods" },
    table("Live scorecard", [[card.unit === "run" ? "Prediction" : "Period", ""], ...RECORD], [...card.periods, card.total].map((each) => record(nameOf(card, each), each))),
  ),
  h(
    "section",
    { class: "card", "aria-label": "Calibration" },
    h("h2", {}, "Calibration"),
    calibrationChart(card),
    h("p", { class: "small" }, summed(card)),
  ),
  card.comparison && h("section", { class: "card", "aria-label": "With the other version" }, h("h2", { class: "unseen" }, "With the other version"), h("h3", { class: "unseen" }, "Same wafers"), sideBySide(card.comparison)),
];

const nameOf = (card, { period }) => (card.unit === "run" && period !== "all" ? h("a", { href: hashOf("lots", "", { run: period }) }, period) : period);

function tiles(total) {
  const tile = (name, value, more) => h("div", {}, h("dt", {}, name), h("dd", {}, value), more && h("dd", { class: "small" }, more));
  return h(
    "section",
    { class: "card", "aria-label": "In all" },
    h("div", { class: "heading" }, h("h2", {}, "The promise"), h("span", { class: `verdict ${STATEMENTS[total.statement]}` }, total.statement)),
    h(
      "dl",
      { class: "tiles" },
      tile("Wafers", count(total.wafers), `${count(total.failures)} failing`),
      tile("False alarms", percent(total.false_alarm_rate?.value, 1), interval(total.false_alarm_rate)),
      tile("Promised", percent(total.budget, 1), "false-alarm budget"),
      tile("Failures found", percent(total.recall?.value, 1), interval(total.recall)),
    ),
  );
}

const interval = (figure) => figure && `${percent(figure.low)} to ${percent(figure.high)}`;

function promise(card) {
  const told = card.periods.filter((each) => each.false_alarm_rate);
  return figure({
    title: "False alarms against the promise",
    words: "Dots: false alarms among good wafers, with exact 90 % intervals. Dashed: the budget that was promised.",
    name: `scorecard-${card.version}-by-${card.unit}`,
    draw: (width) => promiseChart(card, { ...WIDE, width, left: 46, top: 10 }),
    columns: ["period", "wafers", "failing", "found", "false alarms", "rate", "low", "high", "budget", "promise"],
    rows: told.map((each) => [each.period, each.wafers, each.failures, each.found, each.false_alarms, each.false_alarm_rate.value, each.false_alarm_rate.low, each.false_alarm_rate.high, each.budget, each.statement]),
  });
}

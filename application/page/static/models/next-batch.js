// What to expect of the next batch: how a version did on wafers held out in three ways.

import { forwardChart } from "../charts/periods.js";
import { h, table } from "../dom.js";
import { count, fixed, percent } from "../format.js";

/** What to expect of the next batch: the version tested forward in time, on whole files, and at random. */
export function nextBatch({ held_out: ways, false_alarm_budget: budget }) {
  const { forward } = ways;
  const rows = [
    ["AUC", (each) => ranking(each.auc), "0.500"],
    ["PR AUC", (each) => ranking(each.pr_auc), fixed(ways.random.failures / ways.random.wafers)],
    ["Failures found", (each) => found(each, each.recent), percent(budget)],
    ["False alarms", (each) => misled(each, each.recent), percent(budget)],
    ["Failures found, fixed threshold", (each) => found(each, each.fixed), percent(budget)],
    ["False alarms, fixed threshold", (each) => misled(each, each.fixed), percent(budget)],
  ];
  const columns = [["Figure", ""], ...WAYS.map(([, title]) => [title, "number"]), ["Chance", "number"]];
  const cells = rows.map(([title, value, chance]) =>
    h(
      "tr",
      {},
      h("td", {}, title),
      WAYS.map(([way]) => h("td", { class: "number" }, ways[way] ? value(ways[way]) : "–")),
      h("td", { class: "number" }, chance),
    ),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "next-title" },
    h("h3", { id: "next-title" }, "What to expect of the next batch"),
    table("Tested in three ways", columns, cells),
    forward?.files.length > 1
      ? overTime(forward, budget)
      : h("p", { class: "small" }, forward ? "" : "Too few failures or files to test it forward in time."),
    h(
      "p",
      { class: "small" },
      "Forward: models of earlier files were asked about later ones. Whole files: about files that they never saw. Random: about wafers between those learned from. Found and false alarms are those of verdicts by rank: the top of the recent scores is flagged. Fixed: if the threshold of the training were followed. Below each figure is its 90 % interval.",
    ),
  );
}

function overTime(forward, budget) {
  const columns = [
    ["File", ""],
    ["Wafers", "number"],
    ["Failing", "number"],
    ["AUC", "number"],
    ["Found", "number"],
    ["False alarms", "number"],
    ["Found, fixed", "number"],
    ["False alarms, fixed", "number"],
  ];
  const row = (each) => [
    count(each.wafers),
    count(each.failures),
    fixed(each.auc),
    ...[each.recent, each.fixed].flatMap((rule) => [
      `${count(rule.found)} of ${count(each.failures)}`,
      percent(rule.false_alarm_rate?.value),
    ]),
  ];
  const cells = forward.files.map((each) =>
    h("tr", {}, h("td", {}, each.name), row(each).map((value) => h("td", { class: "number" }, value))),
  );
  return [
    h(
      "figure",
      { class: "over-time" },
      forwardChart(forward, budget),
      h(
        "figcaption",
        { class: "small" },
        h("i", { class: "key-square" }),
        " AUC (50 is chance) ",
        h("i", { class: "key-line" }),
        " false alarms, fixed threshold ",
        h("i", { class: "key-line second" }),
        " false alarms by rank ",
        h("i", { class: "key-chance" }),
        " budget",
      ),
    ),
    h("details", {}, h("summary", {}, "File by file"), table("Forward in time, file by file", columns, cells)),
  ];
}

const WAYS = [
  ["forward", "Forward in time"],
  ["whole_files", "Whole files held out"],
  ["random", "Held out at random"],
];

const twoLines = (above, below) => [above, h("div", { class: "small" }, below)];

const ranking = ({ value, low, high }) => twoLines(fixed(value), `${fixed(low)} to ${fixed(high)}`);

const counted = (number, of, figure) =>
  figure
    ? twoLines(
        `${count(number)} of ${count(of)}, ${percent(figure.value)}`,
        `${percent(figure.low)} to ${percent(figure.high)}`,
      )
    : "–";

const found = (each, { found: number, recall }) => counted(number, each.failures, recall);

const misled = (each, { false_alarms: number, false_alarm_rate: rate }) =>
  counted(number, each.wafers - each.failures, rate);

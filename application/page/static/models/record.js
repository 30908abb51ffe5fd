// A version's record on wafers whose outcome came later, as rows of a table.

import { h, table } from "../dom.js";
import { count, fixed, percent } from "../format.js";

/** The columns of a record. */
export const RECORD = [
  ["Wafers", "number"],
  ["Failing", "number"],
  ["Found", "number"],
  ["False alarms", "number"],
  ["Budget", "number"],
  ["Promise", ""],
  ["AUC", "number optional"],
  ["Ranking", ""],
];

/** A row: how a version did in a period, or next to another. */
export function record(name, each) {
  return h(
    "tr",
    {},
    h("td", {}, name),
    h("td", { class: "number" }, count(each.wafers)),
    h("td", { class: "number" }, count(each.failures)),
    h("td", { class: "number" }, share(each.recall)),
    h("td", { class: "number" }, share(each.false_alarm_rate)),
    h("td", { class: "number" }, each.budget === null ? "–" : percent(each.budget)),
    h("td", {}, h("span", { class: `verdict ${STATEMENTS[each.statement]}` }, each.statement)),
    h("td", { class: "number optional" }, fixed(each.auc?.value, 2)),
    h("td", {}, each.ranking ? h("span", { class: `verdict ${STATEMENTS[each.ranking]}` }, each.ranking) : "–"),
  );
}

/** Two versions on the same wafers, one in the shadow of the other. */
export function sideBySide(found) {
  const rows = [
    [found.version, found.standing],
    [found.other, found.other_standing],
  ];
  return [
    h("h4", {}, "In production and in shadow, on the same wafers"),
    table(
      "Two versions on the same wafers",
      [["Version", ""], ...RECORD],
      rows.map(([version, each]) => record(`Version ${version}`, each)),
    ),
  ];
}

export const STATEMENTS = { kept: "pass", broken: "fail", "too few to say": "inspect" };

/** A share with its interval. */
const share = (figure) =>
  figure ? `${percent(figure.value)} (${percent(figure.low)} to ${percent(figure.high)})` : "–";

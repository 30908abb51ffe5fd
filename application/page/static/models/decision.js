// A version: where it comes from, what its training decided, and what that rests on.

import { h, table } from "../dom.js";
import { count, fixed, fullMoment, many, nearCopies, percent, signed } from "../format.js";
import { placeOf, standing } from "./standing.js";

/**
 * Why a version was promoted or not, and what became of it; `found` are all versions and the changes of production,
 * `promote` asks whether to do it by hand, null for who may not.
 */
export function decision(model, found, promote) {
  const { reason, floors, comparison, near_copies } = model.decision;
  return h(
    "section",
    { class: "card", "aria-labelledby": "version-title" },
    h(
      "div",
      { class: "heading" },
      h("h2", { id: "version-title" }, `Version ${model.version}`),
      h("span", { class: model.production ? "badge production" : "badge" }, placeOf(model, found)),
      promote &&
        !model.production &&
        h(
          "div",
          { class: "actions" },
          h(
            "button",
            {
              type: "button",
              class: model.decision.promoted === false ? null : "primary",
              "data-key": "promote",
              on: { click: () => promote(model) },
            },
            "Promote…",
          ),
        ),
    ),
    h(
      "dl",
      { class: "facts" },
      fact("Created", fullMoment(model.created)),
      fact("Training run", h("a", { href: `#/runs/${model.run_id}` }, model.run_id)),
      fact("Digest", h("code", { title: model.digest }, model.digest.slice(0, 12))),
    ),
    reason &&
      h(
        "div",
        { class: `notice ${model.decision.promoted === false ? "inspect" : "pass"}` },
        h(
          "p",
          {},
          h(
            "strong",
            {},
            verdict(model.decision),
          ),
          reason,
        ),
      ),
    near_copies > 0 && h("p", { class: "small" }, `${nearCopies(near_copies)}: they make the figures look better.`),
    standing(model, found),
    floors?.length > 0 && [h("h3", {}, "Minimum requirements"), floorTable(floors)],
    comparison && [h("h3", {}, `Compared with version ${comparison.champion_version}`), versus(comparison)],
  );
}

/** What its training decided; what became of it since stands below. */
const verdict = ({ promoted, waits }) =>
  promoted !== false ? "Promoted after training. " : waits ? "Left to a person after training. " : "Not promoted after training. ";

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function floorTable(floors) {
  const columns = [
    ["Metric", ""],
    ["Value", "number"],
    ["Must be above", "number"],
    ["Result", ""],
    ["Meaning", "words optional"],
  ];
  const rows = floors.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, each.name),
      h("td", { class: "number" }, plain(each.value)),
      h("td", { class: "number" }, plain(each.limit)),
      h("td", {}, h("span", { class: `verdict ${each.passed ? "pass" : "fail"}` }, each.passed ? "met" : "not met")),
      h("td", { class: "words optional" }, each.meaning),
    ),
  );
  return table("Minimum requirements", columns, rows);
}

function versus(found) {
  return h(
    "p",
    {},
    `AUC ${fixed(found.challenger_auc)} compared with ${fixed(found.champion_auc)} on the same ${many(found.wafers, "wafer")} (${count(found.failures)} failing): `,
    h("strong", {}, signed(found.difference, 3)),
    `, 90 % interval ${signed(found.low, 3)} to ${signed(found.high, 3)}. `,
    points(found),
    `Its training set has ${many(found.added, "wafer")} that the other one lacks, and lacks ${many(found.missing, "wafer")} that the other one has.`,
  );
}

/** What the verdicts of both are worth on the compared wafers; decisions of before do not say it. */
function points({ champion_version: version, champion_point: theirs, challenger_point: ours }) {
  if (!(ours && theirs)) return "";
  const caught = (each) => `${percent(each.recall)} of the failures with ${percent(each.false_alarm_rate, 1)} false alarms`;
  return ours.rule === "recent"
    ? `With the top ${percent(ours.budget)} flagged by rank it catches ${caught(ours)}; version ${version} ${caught(theirs)}. `
    : `Its threshold (budget ${percent(ours.budget)}) catches ${caught(ours)}; that of version ${version} (budget ${percent(theirs.budget)}) ${caught(theirs)}. `;
}

const plain = (value) => (Number.isInteger(value) ? count(value) : fixed(value));

// The same wafer in other predictions, asked for when a person opens the list.

import * as api from "./api.js";
import { failure, h, loading, put, table } from "./dom.js";
import { fixed, fullMoment, many, moment } from "./format.js";

const COLUMNS = [
  ["Run", ""],
  ["Version", "number"],
  ["Verdict", ""],
  ["Probability", "number"],
];

export function elsewhere(wafer, runId) {
  const place = h("div", {});
  const path = `/runs/${encodeURIComponent(runId)}/wafers/${encodeURIComponent(wafer.wafer)}/elsewhere?file=${encodeURIComponent(wafer.file)}`;
  let asked = false;

  async function ask() {
    asked = true;
    put(place, loading("other predictions"));
    try {
      put(place, found(wafer, await api.get(path)));
    } catch (problem) {
      put(place, problem.status === 404 ? h("p", { class: "small" }, problem.detail) : failure(problem, ask));
    }
  }

  const open = (event) => event.target.open && !asked && ask();
  return h("details", { on: { toggle: open } }, h("summary", {}, "The same wafer in other predictions"), place);
}

function found(wafer, { predictions, searched }) {
  const among = `${many(searched, "other prediction")} searched, the newest ones.`;
  if (predictions.length === 0) return h("p", { class: "small" }, `None. ${among}`);
  return [table(`Other predictions of ${wafer.wafer}`, COLUMNS, predictions.map(line)), h("p", { class: "small" }, among)];
}

const line = (each) =>
  h(
    "tr",
    {},
    h(
      "td",
      {},
      h(
        "a",
        { href: `#/results/${encodeURIComponent(each.run_id)}`, title: each.run_id },
        each.moment ? h("time", { datetime: each.moment, title: fullMoment(each.moment) }, moment(each.moment)) : each.run_id,
      ),
      !each.same_readings && h("div", { class: "small" }, "other readings"),
    ),
    h("td", { class: "number" }, String(each.model_version)),
    h("td", {}, h("span", { class: `verdict ${each.verdict}` }, each.verdict)),
    h("td", { class: "number" }, fixed(each.probability)),
  );

// The facts of a run: who, what, when, and how it keeps its budget.

import { contract } from "../contract.js";
import { h } from "../dom.js";
import { between, count, fullMoment, percent, seconds } from "../format.js";

export const factsOf = (run) =>
  h(
    "dl",
    { class: "facts" },
    fact("Run", h("code", {}, run.run_id)),
    fact("Batches", run.source),
    contract() && fact("Contract", `${run.contract} ${run.contract_digest}`.trim()),
    fact("Started by", run.requested_by),
    fact("Started", fullMoment(run.started ?? run.created)),
    run.finished && fact("Duration", seconds(between(run.started ?? run.created, run.finished))),
    run.attempt > 1 && fact("Attempt", [count(run.attempt), ...run.retries.slice(-1)].join(": ")),
    run.pipeline !== "outcomes" && fact(
      "False-alarm budget",
      run.parameters.false_alarm_budget ? percent(run.parameters.false_alarm_budget, 1) : "as in the model",
    ),
    ...thresholds(run).map((note) => fact("Threshold", note)),
  );

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** Which threshold a prediction used and why, when it has ended. */
const thresholds = (run) => run.stages.map((each) => each.counts.threshold_note).filter(Boolean);

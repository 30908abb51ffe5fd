// What became of a run, and what to do about it.

import { h } from "../dom.js";
import { fixed, fullMoment } from "../format.js";

const labelOf = (run, name) => run.stages.find((each) => each.name === name)?.label ?? name;

export function outcomeOf(run) {
  if (run.error && run.state !== "removed") {
    const advice = run.error.retry_helps
      ? "A retry may help; it continues after the finished stages."
      : "A retry will not help until the cause is fixed.";
    return h(
      "div",
      { class: "notice fail", role: "alert" },
      h(
        "p",
        {},
        h("strong", {}, run.error.stage ? `Failed at “${labelOf(run, run.error.stage)}”. ` : "Failed. "),
        run.error.message,
      ),
      h("p", { class: "small" }, h("code", {}, run.error.code), ` · ${advice}`),
    );
  }
  if (run.state === "removed")
    return h("div", { class: "notice" }, h("p", {}, `What this run left was removed by ${run.removed_by} on ${fullMoment(run.removed)}.`));
  if (run.state === "cancelled")
    return h(
      "div",
      { class: "notice" },
      h("p", {}, "This run was cancelled. A retry continues after the finished stages."),
    );
  if (run.model_version) {
    const later = run.forward_auc ?? null;
    const figures = [
      ["AUC", run.metrics.auc],
      ["PR AUC", run.metrics.pr_auc],
      ["Recall at 10 % false alarms", run.metrics.recall_at_10],
    ];
    return h(
      "div",
      { class: `notice ${run.promoted ? "pass" : "inspect"}` },
      h(
        "p",
        {},
        h(
          "strong",
          {},
          `Version ${run.model_version} ${run.decided}. `,
        ),
        run.reason,
      ),
      later !== null && h("p", { class: "small" }, `On later files: AUC ${fixed(later)}. That is what to expect of the next batch.`),
      h(
        "p",
        { class: "small" },
        "On wafers held out at random: ",
        figures
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => `${name} ${fixed(value)}`)
          .join(" · "),
      ),
    );
  }
  return null;
}

// What a person may set of a run besides its batches.

import { h } from "../dom.js";

const OWN = { train: "10", predict: "as in the model" }; // the budget where none is set, in %

/** The options: `element`, `turn(pipeline)` shows those of one kind of run, `set(pipeline)` are the parameters set. */
export function runOptions() {
  const budget = h("input", { id: "budget", type: "number", min: "0.1", max: "90", step: "0.1", inputmode: "decimal" });
  const clusters = h("input", { id: "clusters", type: "number", min: "1", max: "20", step: "1", value: "10" });
  const seed = h("input", { id: "seed", type: "number", min: "0", max: "2147483647", step: "1", value: "7" });
  const promotion = choice("promotion", { auto: "Promote if it is better", candidate: "Wait for a person" });
  const threshold = choice("threshold", { fixed: "By the threshold of the training", recent: "By rank among recent scores" });
  const fromOutcomes = h("input", { id: "from-outcomes", type: "checkbox" });
  const predictionOnly = h("div", {}, field("threshold", "Keep the budget", threshold));
  const trainingOnly = h(
    "div",
    {},
    h(
      "div",
      { class: "pair" },
      field("clusters", "Maximum number of clusters", clusters),
      field("seed", "Random seed", seed),
    ),
    field("promotion", "After the training", promotion),
    h("p", { class: "check" }, fromOutcomes, h("label", { for: "from-outcomes" }, "Learn also from predicted wafers with an outcome")),
  );
  const element = h(
    "details",
    {},
    h("summary", {}, "Options"),
    field("budget", "False-alarm budget (% of good wafers)", budget),
    trainingOnly,
    predictionOnly,
  );

  function turn(pipeline) {
    element.hidden = pipeline === "outcomes";
    trainingOnly.hidden = pipeline !== "train";
    predictionOnly.hidden = pipeline !== "predict";
    budget.placeholder = OWN[pipeline] ?? "";
  }

  const ofTraining = () => ({
    max_clusters: Number(clusters.value),
    seed: Number(seed.value),
    promotion: promotion.value,
    from_outcomes: fromOutcomes.checked,
  });

  function set(pipeline) {
    if (pipeline === "outcomes") return {};
    return {
      ...(budget.value && { false_alarm_budget: Number(budget.value) / 100 }),
      ...(pipeline === "train" ? ofTraining() : { threshold: threshold.value }),
    };
  }

  return { element, turn, set };
}

const choice = (id, named) =>
  h(
    "select",
    { id },
    h("option", { value: "" }, "As configured"),
    Object.entries(named).map(([value, words]) => h("option", { value }, words)),
  );

const field = (id, label, input) => h("div", { class: "field" }, h("label", { for: id }, label), input);

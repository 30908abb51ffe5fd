// The slider of a run's results: what another false-alarm budget would flag, and what it would cost.

import * as api from "./api.js";
import { failure, h, put } from "./dom.js";
import { count, fixed, many, percent } from "./format.js";

/**
 * The card of a run's false-alarm budget; `moved` is called after every move. It has `cut`, the threshold in force,
 * `tell()`, which says what that means for the wafers that are forecasts, and `set(budget)` and `state()`: the budget as it
 * stands in an address, empty for the run's own.
 */
export function budgetCard(run, found, may, moved, wanted) {
  const { budgets, current, own: before, wafers: unseen } = found;
  const judged = run.stages.find((each) => each.name === "predict")?.counts ?? {};
  const own = nearest(budgets, current);
  const sentence = h("output", { class: "means", for: "budget-slider", id: "budget-means" });
  const aside = h("div", { class: "actions" });
  const value = h("strong", { class: "budget-value" });
  const slider = h("input", {
    id: "budget-slider",
    type: "range",
    min: "0",
    max: String(budgets.length - 1),
    step: "1",
    value: String(own),
    on: { input: () => moved() },
  });
  const touched = () => Number(slider.value) !== own;
  const at = () => (touched() ? budgets[Number(slider.value)] : before);
  const cut = () => at().threshold;

  function tell() {
    value.textContent = percent(at().budget, Number.isInteger(Math.round(at().budget * 1e4) / 100) ? 0 : 1);
    slider.setAttribute(
      "aria-valuetext",
      `${percent(at().budget)}: flags ${at().flagged}, ${falseAlarms(at().false_alarms)}`,
    );
    put(
      sentence,
      figure(h("b", { id: "flagged" }, count(at().flagged)), ` of ${many(unseen, "wafer")} flagged`),
      expected(at()),
      recalled(at()),
      at().unlike > 0 && figure("and ", h("b", {}, count(at().unlike)), " more to inspect at any budget"),
      figure("threshold ", h("b", {}, fixed(cut()))),
    );
    put(aside, touched() ? offers() : judged.threshold_note && h("span", { class: "small" }, judged.threshold_note));
  }

  /** What a person may do at another budget than the run's own. */
  const offers = () => [
    h("span", { class: "small" }, `The CSV and the report use the run's budget, ${percent(current, 0)}.`),
    button("back", `Reset to ${percent(current, 0)}`, () => ((slider.value = String(own)), moved())),
    may.start && button("again", `Predict again at ${percent(at().budget)}`, predictAgain),
  ];

  async function predictAgain() {
    try {
      const { source, parameters } = run;
      const started = await api.post("/predict", {
        source,
        schema: parameters.schema ?? "",
        policy: parameters.policy ?? "",
        false_alarm_budget: at().budget,
        threshold: parameters.threshold ?? "",
      });
      location.hash = `#/runs/${started.run_id}`;
    } catch (problem) {
      put(aside, failure(problem));
    }
  }

  const state = () => (touched() ? String(at().budget) : "");
  const set = (budget) => (slider.value = String(budget ? nearest(budgets, Number(budget)) : own));

  set(wanted);
  const label = h("label", { for: "budget-slider", id: "budget-title" }, "False-alarm budget");
  const element = h(
    "section",
    { class: "card budget", "aria-labelledby": "budget-title" },
    h("div", { class: "slide" }, label, value, slider),
    sentence,
    aside,
  );
  return { element, cut, tell, set, state };
}

const figure = (...words) => h("span", { class: "figure" }, words);

const button = (key, words, act) => h("button", { type: "button", "data-key": key, on: { click: act } }, words);

const HELD_OUT = "By wafers held out at random, which look easier than the next batch: expect less.";

const measured = (at) => (at.measured === "later files" ? "By models of earlier files, asked about later ones; 90 % interval." : HELD_OUT);

const recalled = (at) =>
  h(
    "span",
    { class: "figure", title: measured(at) },
    at.measured === "later files" ? "finds about " : "held out at random, finds ",
    h("b", {}, percent(at.recall)),
    ` of failing wafers (${percent(at.recall_low, 0)} to ${percent(at.recall_high, 0)})`,
  );

const expected = ({ false_alarms: found, known, known_false_alarms: good, ...at }) =>
  found
    ? h(
        "span",
        {
          class: "figure",
          title: measured(at),
        },
        "about ",
        h("b", { id: "false-alarms" }, count(Math.round(found.expected))),
        ` of them false alarms (${span(found)}${known ? `; ${count(good)} of ${count(known)} known` : ""})`,
      )
    : figure("how many of them are false alarms is not known");

const span = ({ low, high }) => `${count(Math.round(low))} to ${count(Math.round(high))}`;

const falseAlarms = (found) =>
  found ? `about ${Math.round(found.expected)} false alarms, ${span(found)}` : "false alarms not known";

function nearest(budgets, wanted) {
  let best = 0;
  budgets.forEach((each, at) => {
    if (Math.abs(each.budget - wanted) < Math.abs(budgets[best].budget - wanted)) best = at;
  });
  return best;
}

// A run's wafers: the slider, the list and the panel of the chosen one, which follow each other.

import * as api from "./api.js";
import { budgetCard } from "./budget.js";
import { announce, h, put } from "./dom.js";
import { count, fullMoment, many, nearCopies } from "./format.js";
import { ranking, verdictAt } from "./ranking.js";
import { waferPanel } from "./wafer.js";
import { waferList } from "./waferlist.js";

const NARROW = "(max-width: 860px)"; // as in page.css: the panel is below the list

export function rankedWafers(run, page, found, may) {
  const everything = page.predictions;
  const forecasts = everything.filter((wafer) => !wafer.in_training);
  const version = found.model_version;
  const seen = h("input", {
    type: "checkbox",
    id: "seen",
    checked: found.wafers === 0,
    disabled: found.wafers === 0,
    on: { change: () => follow() },
  });
  const budget = budgetCard(run, found, everything[0].threshold, may, () => follow());
  const list = waferList({
    above: found.in_training > 0 && learnedFrom(seen, found.in_training),
    foot: h("p", { class: "small" }, `Model version ${version} · ${fullMoment(run.finished)}`, copiesIn(version)),
    choose: show,
    open,
  });
  const panel = waferPanel({
    runId: run.run_id,
    version,
    own: everything[0].threshold,
    wafers: everything,
    may,
    go: (wafer) => show(ranked.find((each) => each.wafer === wafer) ?? { wafer, verdict: verdictAt(wafer, budget.cut()) }),
    decided: () => list.show(ranked),
  });
  let ranked = [];
  let shown = null;

  /** After a move of the slider, or with other wafers: list and panel say what holds now. */
  function follow() {
    const wafers = seen.checked ? everything : forecasts;
    budget.tell(wafers);
    ranked = ranking(wafers, budget.cut());
    list.show(ranked);
    const now = ranked.find((each) => each.wafer === shown);
    if (now) show(now);
  }

  function show(each) {
    shown = each.wafer;
    panel.show(each, budget.cut());
  }

  /** Where the panel is below the list, go to it. */
  function open() {
    if (!matchMedia(NARROW).matches) return;
    const back = { click: () => list.focus() };
    panel.element.prepend(h("button", { type: "button", class: "quiet back", on: back }, "← Back to the list"));
    panel.element.scrollIntoView();
    panel.element.focus({ preventScroll: true });
  }

  follow();
  announce(
    `${many(everything.length, "wafer")}: ${count(page.counts.fail)} fail, ${count(page.counts.inspect)} inspect.`,
  );
  return [budget.element, h("div", { class: "split" }, list.element, panel.element)];
}

/** How many wafers that the version learned from are near copies of others: they make its figures look better. */
function copiesIn(version) {
  const words = h("span", { id: "near-copies" });
  api.find(`/models/${version}`).then(
    (model) => model?.decision.near_copies > 0 && put(words, ` · ${nearCopies(model.decision.near_copies)}`),
    () => {}, // the foot says what it can
  );
  return words;
}

const learnedFrom = (seen, learned) =>
  h(
    "p",
    { class: "small seen" },
    seen,
    " ",
    h("label", { for: "seen" }, `Show the ${many(learned, "wafer")} that the model learned from; their outcomes are no forecasts.`),
  );

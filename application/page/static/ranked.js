// A run's wafers: the slider, the list and the panel of the chosen one, which follow each other and stand in the address.

import { remember } from "./address.js";
import * as api from "./api.js";
import { budgetCard } from "./budget.js";
import { within } from "./contract.js";
import { announce, h, put } from "./dom.js";
import { exportLinks } from "./export.js";
import { count, fullMoment, many, nearCopies } from "./format.js";
import { ranking, verdictAt } from "./ranking.js";
import { waferPanel } from "./wafer.js";
import { waferList } from "./waferlist.js";

const NARROW = "(max-width: 860px)"; // as in page.css: the panel is below the list

/** The elements of a run's wafers in a state of the address, and `restore(state)` for another one. */
export function rankedWafers(run, page, found, may, state) {
  const everything = page.predictions;
  const forecasts = everything.filter((wafer) => !wafer.in_training);
  const version = found.model_version;
  const seen = h("input", {
    type: "checkbox",
    id: "seen",
    disabled: found.wafers === 0,
    on: { change: () => (remember({ seen: seen.checked, page: "" }, { step: true }), follow()) },
  });
  const budget = budgetCard(run, found, everything[0].threshold, may, moved, state.budget);
  const links = exportLinks(run.run_id, asked);
  const list = waferList({
    above: found.in_training > 0 && learnedFrom(seen, found.in_training),
    foot: [links.element, h("p", { class: "small" }, `Model version ${version} · ${fullMoment(run.finished)}`, copiesIn(version))],
    choose: show,
    open,
    state,
    changed: (set) => (remember(set, { step: true }), links.renew()),
    context: page.columns,
  });
  const panel = waferPanel({
    runId: run.run_id,
    version,
    own: everything[0].threshold,
    wafers: everything,
    may,
    go: (wafer) => select(ranked.find((each) => each.wafer === wafer) ?? { wafer, verdict: verdictAt(wafer, budget.cut()) }),
    decided: () => list.show(ranked),
  });
  let ranked = [];
  let shown = null;

  function asked() {
    const threshold = budget.state() ? budget.cut() : "";
    return { ...list.asked(), threshold, unseen: !seen.checked };
  }

  function moved() {
    remember({ budget: budget.state() });
    follow();
  }

  /** After a move of the slider, or with other wafers: list and panel say what holds now. */
  function follow() {
    const wafers = seen.checked ? everything : forecasts;
    budget.tell(wafers);
    ranked = ranking(wafers, budget.cut());
    list.show(ranked);
    links.renew();
    const now = ranked.find((each) => each.wafer === shown);
    if (now) panel.show(now, budget.cut());
  }

  function show(each) {
    shown = each.wafer;
    remember({ wafer: shown.wafer, file: twice.has(shown.wafer) ? shown.file : "" });
    panel.show(each, budget.cut());
  }

  function select(each) {
    list.select(each);
    show(each);
  }

  /** Where the panel is below the list, go to it. */
  function open() {
    if (!matchMedia(NARROW).matches) return;
    const back = { click: () => list.focus() };
    panel.element.prepend(h("button", { type: "button", class: "quiet back", on: back }, "← Back to the list"));
    panel.element.scrollIntoView();
    panel.element.focus({ preventScroll: true });
  }

  function restore(wanted) {
    const named = everything.find((each) => each.wafer === wanted.wafer && [undefined, each.file].includes(wanted.file));
    seen.checked = found.wafers === 0 || Boolean(wanted.seen) || Boolean(named?.in_training);
    budget.set(wanted.budget);
    if (named) select({ wafer: named, verdict: verdictAt(named, budget.cut()) });
    list.restore(wanted);
    follow();
  }

  const twice = namedTwice(everything);
  restore(state);
  announce(
    `${many(everything.length, "wafer")}: ${count(page.counts.fail)} fail, ${count(page.counts.inspect)} inspect.`,
  );
  return { elements: [budget.element, h("div", { class: "split" }, list.element, panel.element)], restore };
}

function namedTwice(wafers) {
  const met = new Set();
  return new Set(wafers.map((each) => each.wafer).filter((name) => met.has(name) || !met.add(name)));
}

/** How many wafers that the version learned from are near copies of others: they make its figures look better. */
function copiesIn(version) {
  const words = h("span", { id: "near-copies" });
  api.find(within(`/models/${version}`)).then(
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

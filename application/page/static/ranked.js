// A run's wafers: the slider, the list and the panel of the chosen one, which follow each other and stand in the address.

import { queryOf, remember } from "./address.js";
import * as api from "./api.js";
import { budgetCard } from "./budget.js";
import { within } from "./contract.js";
import { announce, h, put } from "./dom.js";
import { exportLinks } from "./export.js";
import { count, fullMoment, many, nearCopies } from "./format.js";
import { waferPanel } from "./wafer.js";
import { waferList } from "./waferlist.js";

const PAUSE = 150; // milliseconds that the slider stays before the list is asked for
const NARROW = "(max-width: 860px)"; // as in page.css: the panel is below the list

/** The elements of a run's wafers in a state of the address, and `restore(state)` for another one. */
export function rankedWafers(run, page, found, may, state) {
  const path = `/runs/${encodeURIComponent(run.run_id)}`;
  const version = found.model_version;
  const seen = h("input", {
    type: "checkbox",
    id: "seen",
    checked: found.wafers === 0 || Boolean(state.seen),
    disabled: found.wafers === 0,
    on: { change: () => (remember({ seen: seen.checked, page: "" }, { step: true }), onlyUnseen()) },
  });
  const budget = budgetCard(run, found, may, moved, state.budget);
  const links = exportLinks(run.run_id, () => ({ ...list.asked(), ...standing() }));
  const panel = waferPanel({ runId: run.run_id, version, own: found.own.threshold, may, go: nearby, decided: () => list.renew() });
  let shown = null;
  let asked = null;
  let timer;
  const list = waferList({
    above: found.in_training > 0 && learnedFrom(seen, found.in_training),
    foot: [links.element, h("p", { class: "small" }, `Model version ${version} · ${fullMoment(run.finished)}`, copiesIn(version))],
    load: (words, signal) => api.get(`${path}/predictions?${queryOf({ ...words, ...standing() })}`, signal),
    choose: (wafer) => show(wafer),
    open,
    state,
    changed: (set) => (remember(set, { step: true }), links.renew()),
    context: page.columns,
  });

  /** By which threshold and of which wafers ranks and verdicts speak. */
  const standing = () => ({ threshold: budget.state() ? budget.cut() : "", unseen: !seen.checked });

  function moved() {
    remember({ budget: budget.state() });
    budget.tell();
    if (shown) panel.show({ ...shown, rank: null }, budget.cut());
    clearTimeout(timer);
    timer = setTimeout(renew, PAUSE);
  }

  function renew() {
    list.renew();
    links.renew();
    if (shown) place(shown);
  }

  function onlyUnseen() {
    if (shown?.in_training && !seen.checked) list.drop();
    renew();
  }

  function show(wafer, told) {
    shown = wafer;
    asked?.abort(); // a late answer is about another wafer
    panel.show(wafer, budget.cut());
    remember({ wafer: wafer.wafer, file: "" });
    if (told) placed(told);
    else place(wafer);
  }

  /** Ask for the rank of the shown wafer and for its neighbours. */
  async function place({ wafer, file }) {
    asked?.abort();
    asked = new AbortController();
    try {
      placed(await placeOf(wafer, file, asked.signal));
    } catch (problem) {
      if (problem.name !== "AbortError") announce(problem.detail ?? String(problem)); // the panel shows what it has
    }
  }

  function placed(told) {
    if (told.namesakes > 0) remember({ file: told.prediction.file });
    panel.place(told);
  }

  const placeOf = (wafer, file, signal) =>
    api.get(`${path}/wafers/${encodeURIComponent(wafer)}/batch?${queryOf({ file, ...standing() })}`, signal);

  async function nearby(wafer) {
    const before = seen.checked;
    await named(wafer, shown.file);
    if (seen.checked !== before) list.renew();
  }

  /** Show a wafer that may be on no page of the list. */
  async function named(wafer, file) {
    const told = await placeOf(wafer, file).catch((problem) => announce(problem.detail ?? String(problem)));
    if (!told) return; // an address may be mistyped, or older than the run
    seen.checked ||= told.prediction.in_training;
    list.select(told.prediction);
    show({ ...told.prediction, rank: told.rank }, told);
  }

  /** Where the panel is below the list, or a row was chosen by Enter, go to it; Escape leads back. */
  function open(byEnter) {
    const below = matchMedia(NARROW).matches;
    if (!below && !byEnter) return;
    const back = { click: () => list.focus() };
    if (below) {
      panel.element.prepend(h("button", { type: "button", class: "quiet back", on: back }, "← Back to the list"));
      panel.element.scrollIntoView();
    }
    panel.element.focus({ preventScroll: below });
  }

  panel.element.addEventListener("keydown", ({ key }) => key === "Escape" && list.focus());

  async function restore(wanted) {
    seen.checked = found.wafers === 0 || Boolean(wanted.seen);
    budget.set(wanted.budget);
    budget.tell();
    if (wanted.wafer) await named(wanted.wafer, wanted.file);
    await list.restore(wanted);
    links.renew();
  }

  restore(state);
  const { fail, inspect } = page.counts;
  announce(`${many(page.total, "wafer")}: ${count(fail)} fail, ${count(inspect)} inspect.`);
  return { elements: [budget.element, h("div", { class: "split" }, list.element, panel.element)], restore };
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

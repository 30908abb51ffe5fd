// One wafer: its verdict at the slider's budget, why it has it, its neighbours, what was decided about it.

import { dispositionOf } from "./disposition.js";
import { elsewhere } from "./elsewhere.js";
import { h, put } from "./dom.js";
import { fixed, percent } from "./format.js";
import { neighbours } from "./neighbours.js";
import { reasonsOf } from "./reasons.js";

/**
 * A panel that shows a ranked wafer. `run` is its id, `version` the model's, `own` the threshold of the run, `wafers` all
 * of the run; `go(wafer)` shows another one, `decided(wafer)` is told of a disposition.
 * `show(each, cut)` shows a wafer; at another threshold of the same wafer only what depends on it is made anew.
 */
export function waferPanel({ runId, version, own, wafers, may, go, decided }) {
  const element = h("aside", { class: "card wafer", "aria-label": "Selected wafer", tabindex: "0" });
  const judged = h("div", {});
  const beside = h("div", {});
  let shown = null;

  function show(each, cut) {
    put(judged, verdictOf(each, cut, own));
    put(beside, neighbours(wafers, each.wafer, cut, go));
    if (each.wafer === shown) return;
    shown = each.wafer;
    put(
      element,
      judged,
      facts(shown),
      shown.note && h("div", { class: "notice inspect" }, h("p", {}, shown.note)),
      shown.in_training &&
        h("div", { class: "notice" }, h("p", {}, "The model was trained on these readings, so this is not a forecast.")),
      h("h3", {}, "Reasons"),
      reasonsOf(shown, { runId, version }),
      beside,
      dispositionOf(shown, { runId, may, decided }),
      elsewhere(shown, runId),
    );
  }

  return { element, show };
}

function verdictOf({ wafer, verdict, rank }, cut, own) {
  return [
    h("div", { class: "heading" }, h("h2", {}, wafer.wafer), h("span", { class: `verdict ${verdict}` }, verdict)),
    cut !== own && h("p", { class: "small", id: "at-this-budget" }, changed(wafer.verdict, verdict)),
    h(
      "dl",
      { class: "facts" },
      rank && fact("Rank", String(rank)),
      fact(
        "Probability",
        h("span", {}, fixed(wafer.probability), h("span", { class: "small" }, ` threshold ${fixed(cut)}`)),
      ),
    ),
  ];
}

const changed = (before, now) =>
  before === now
    ? "The same verdict at the chosen budget as in the run."
    : now === "fail"
      ? "Flagged at the chosen budget. In the run it passed."
      : "Passes at the chosen budget. The run flagged it.";

const facts = (wafer) =>
  h(
    "dl",
    { class: "facts" },
    fact("Cluster", String(wafer.cluster ?? "–")),
    fact(
      "Distance",
      h(
        "span",
        { title: "Share of the training wafers that are closer to the centre of their cluster" },
        wafer.distance_percentile === null ? "–" : `farther than ${percent(wafer.distance_percentile / 100)} of training wafers`,
      ),
    ),
    fact("File", h("span", { class: "break" }, wafer.file)),
    ...Object.entries(wafer.context).map(([name, text]) => fact(name, h("span", { class: "break" }, text || "–"))),
  );

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

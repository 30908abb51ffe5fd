// Drift: for each prediction the share of sensors that no longer read as in training, and which ones these are.

import { hashOf, remember } from "./address.js";
import * as api from "./api.js";
import { overTime } from "./charts/figure.js";
import { within } from "./contract.js";
import { announce, empty, failure, h, put } from "./dom.js";
import { count, fullMoment, many, moment, percent, sourceName } from "./format.js";
import { span } from "./lots/choice.js";
import { frame } from "./lots/frame.js";
import { driftChart } from "./lots/drift-chart.js";
import { driftOf } from "./lots/drift-run.js";
import { listTable } from "./table.js";

export function driftScreen(main) {
  const { tools, body } = frame(main, "Drift", "drift", "the drift");
  let last = [undefined, {}];
  let closed = false;

  async function go(place, state) {
    last = [place, state];
    const question = new URLSearchParams(Object.entries({ runs: state.runs ?? "", since: state.since ?? "" }).filter(([, value]) => value)).toString();
    try {
      const { runs } = await api.get(within(`/drift?${question}`));
      if (closed || last[1] !== state) return;
      put(tools, span(state, (changes) => (location.hash = hashOf("drift", "", { ...state, page: "", ...changes }))));
      put(body, runs.length > 0 ? history(runs, state, within(`/drift.csv?${question}`)) : nothing());
      announce(many(runs.length, "prediction"));
    } catch (problem) {
      if (!closed) put(body, failure(problem, () => go(place, state)));
    }
  }

  return { go, again: () => go(...last), close: () => (closed = true) };
}

const nothing = () => empty("No drift to show", "No prediction of this part of the history told how its wafers read. ", h("a", { href: "#/runs" }, "Start a prediction"));

function history(runs, state, csv) {
  const open = (run) => (location.hash = hashOf("drift", "", { ...state, run: run.run_id }));
  const chosen = runs.find((each) => each.run_id === state.run) ?? runs.at(-1);
  return [chart(runs, open), h("div", { class: "split" }, list(runs, chosen, state, csv), driftOf(chosen))];
}

function chart(runs, choose) {
  const title = "Sensors that do not read as in training";
  const warned = runs.filter((run) => run.warnings.length > 0);
  const name = `${title}, over ${many(runs.length, "prediction")}: ${percent(runs.at(-1).share, 1)} in the newest; ${count(warned.length)} with a warning or note.`;
  return overTime({
    title,
    words:
      "Share of all sensors that have moved, left their range or fallen silent, of each prediction, the oldest first. Red: the prediction told it in a warning or note. Click a prediction for its sensors.",
    name: "drift",
    draw: (width) => driftChart({ name, runs, width, choose }),
    columns: ["prediction", "ended", "wafers", "sensors", "moved", "left their range", "silent", "share"],
    rows: runs.map((run) => [run.run_id, run.ended, run.wafers, run.outside.length, run.moved.length, run.left.length, run.silent.length, run.share]),
  });
}

function list(runs, chosen, state, csv) {
  const at = (run) => hashOf("drift", "", { ...state, run: run.run_id });
  const columns = [
    { key: "ended", title: "Predicted", value: (run) => run.ended, cell: (run) => h("a", { href: at(run), title: fullMoment(run.ended), "data-key": run.run_id }, moment(run.ended)) },
    { key: "source", title: "Batches", value: (run) => run.source, cell: (run) => sourceName(run.source), kind: "break" },
    { key: "wafers", title: "Wafers", kind: "number", value: (run) => run.wafers, cell: (run) => count(run.wafers) },
    { key: "share", title: "Sensors outside", kind: "number", value: (run) => run.share, cell: (run) => `${count(run.outside.length)} (${percent(run.share, 1)})` },
    { key: "moved", title: "Moved", kind: "number optional", value: (run) => run.moved.length },
    { key: "left", title: "Left range", kind: "number optional", value: (run) => run.left.length },
    { key: "silent", title: "Silent", kind: "number optional", value: (run) => run.silent.length },
    { key: "unlike", title: "Unlike wafers", kind: "number", value: (run) => run.unlike, cell: (run) => percent(run.unlike, 1) },
  ];
  const listed = listTable({
    label: "Predictions",
    noun: "prediction",
    columns,
    rows: [...runs].reverse(),
    state,
    changed: remember,
    key: (run) => run.run_id,
    open: (run) => (location.hash = at(run)),
    tools: h("a", { class: "button", href: csv, download: true }, "Download CSV"),
  });
  listed.choose(chosen.run_id);
  return h("section", { class: "card flush", "aria-label": "List of predictions" }, listed.element);
}

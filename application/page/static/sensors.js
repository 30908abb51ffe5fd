// Sensors: which ones are behind flags, how far each moved in a prediction, and one over its wafers.

import { hashOf } from "./address.js";
import * as api from "./api.js";
import { within } from "./contract.js";
import { announce, empty, failure, h, loading, put } from "./dom.js";
import { many, moment, sourceName } from "./format.js";
import { behindFlags } from "./sensors/flags.js";
import { oneSensor } from "./sensors/one.js";
import { screening } from "./sensors/screening.js";

const RUNS = "/runs?pipeline=predict&state=succeeded&limit=100";

export function sensorsScreen(main) {
  const title = h("h1", {}, "Sensors");
  const picker = h("select", { id: "sensor-run", on: { change: () => picked(picker.value) } });
  const body = h("div", { class: "history-body" }, loading("the sensors"));
  let last = ["", {}];
  let asked = 0;
  let shown = "";
  main.replaceChildren(
    h("div", { class: "bar-top" }, title, h("label", { for: "sensor-run", class: "unseen" }, "Prediction"), picker),
    body,
  );

  function picked(run) {
    const [sensor, state] = last;
    location.hash = hashOf("sensors", sensor, { ...state, run, by: "", lot: "" });
  }

  async function go(sensor, state) {
    last = [sensor, state];
    const own = (asked += 1);
    try {
      const { runs } = await api.get(within(RUNS));
      if (own !== asked) return;
      const run = state.run || runs[0]?.run_id;
      offer(runs, run);
      if (!run) return put(body, nothing());
      const question = JSON.stringify([sensor, run, state.by, state.lot, state.over]);
      if (question === shown) return; // only the list's own order has changed
      if (!shown.startsWith(JSON.stringify([sensor, run]).slice(0, -1))) put(body, loading(sensor || "the sensors"));
      const views = await (sensor ? one(run, sensor) : all(run, state));
      if (own !== asked) return;
      shown = question;
      put(body, views);
    } catch (problem) {
      if (own !== asked) return;
      shown = "";
      put(body, problem.status === 404 ? missing(problem, sensor, state) : failure(problem, () => go(sensor, state)));
    }
  }

  function offer(runs, run) {
    const known = runs.some((each) => each.run_id === run);
    put(
      picker,
      runs.map((each) => h("option", { value: each.run_id }, `${sourceName(each.source)} · ${moment(each.created)}`)),
      run && !known && h("option", { value: run }, run),
      !run && h("option", { value: "" }, "No prediction yet"),
    );
    picker.disabled = !run;
    if (run) picker.value = run;
  }

  return {
    go,
    again: () => ((shown = ""), go(...last)),
    close: () => (asked += 1),
  };
}

async function all(run, state) {
  const at = encodeURIComponent(run);
  const [found, flags] = await Promise.all([api.get(`/runs/${at}/sensors`), flagsOf(run, state)]);
  announce(`${many(found.sensors.length, "sensor")}, ${found.sensors.filter((each) => each.moved).length} moved.`);
  return [behindFlags(flags, run, state), screening(found, run, state)];
}

/** The sensors behind flags, and the values that the chosen column has. */
async function flagsOf(run, { by = "", lot, over = "" }) {
  const part = over ? { runs: over } : { run };
  const lots = by ? (await api.get(within(`/lots?${new URLSearchParams({ ...part, by })}`))).lots.map((each) => each.lot) : [];
  const chosen = by && lots.length > 0 ? { by, lot: lot ?? lots.at(-1) } : {};
  return { ...(await api.get(within(`/sensors?${new URLSearchParams({ ...part, ...chosen })}`))), lots };
}

async function one(run, sensor) {
  const found = await api.get(`/runs/${encodeURIComponent(run)}/sensors/${encodeURIComponent(sensor)}`);
  announce(`${sensor}: ${many(found.wafers, "wafer")}.`);
  return oneSensor(found);
}

const nothing = () =>
  empty("No prediction yet", "Start a prediction on ", h("a", { href: "#/runs" }, "Runs"), ". Its sensors then appear here.");

const missing = (problem, sensor, state) =>
  empty("Nothing to show", problem.detail, " ", sensor && h("a", { href: hashOf("sensors", "", { run: state.run }) }, "All sensors of the prediction"));

// The sensors behind flags: a Pareto chart of one prediction, of several, or of one lot.

import { hashOf } from "../address.js";
import { figure } from "../charts/figure.js";
import { paretoChart } from "../charts/pareto.js";
import { h } from "../dom.js";
import { count, many, percent } from "../format.js";
import { wayOf } from "../lots/names.js";

const SHOWN = 15; // bars
const OVER = [["", "this prediction"], ...[20, 50, 200].map((runs) => [String(runs), `newest ${runs} predictions`])];

export function behindFlags(found, run, state) {
  const title = `Sensors behind flags${found.by ? `, ${wayOf(found.by)} ${found.lot || "(none)"}` : ""}`;
  return h(
    "section",
    { class: "card", "aria-label": "Sensors behind flags" },
    h("h2", { class: "unseen" }, "Sensors behind flags"),
    choices(found, run, state),
    found.sensors.length === 0 ? h("p", { class: "small" }, none(found)) : chart(found, title, run),
  );
}

function choices(found, run, state) {
  const shown = (changes) => (location.hash = hashOf("sensors", "", { ...state, run, ...changes }));
  const columns = found.columns.filter((each) => each !== "run" || state.over);
  return h(
    "div",
    { class: "choices" },
    choice("over", "Over", state.over ?? "", OVER, (over) => shown({ over, by: "", lot: "" })),
    choice("by", "Narrow down by", state.by ?? "", [["", "– (all wafers)"], ...columns.map((each) => [each, wayOf(each)])], (by) => shown({ by, lot: "" })),
    found.lots.length > 0 && choice("lot", wayOf(found.by), found.lot, found.lots.map((each) => [each, each || "(none)"]), (lot) => shown({ lot })),
  );
}

const choice = (id, words, chosen, options, change) =>
  h(
    "div",
    {},
    h("label", { for: id }, words),
    h(
      "select",
      { id, "data-key": id, on: { change: (event) => change(event.target.value) } },
      options.map(([value, name]) => h("option", { value, selected: value === chosen }, name)),
    ),
  );

const none = ({ flagged }) =>
  flagged === 0
    ? "None of these wafers was flagged, apart from those that the model learned from."
    : `${many(flagged, "wafer")} were flagged; none has published reasons.`;

function chart(found, title, run) {
  const bars = found.sensors.slice(0, SHOWN).map((each) => ({ name: each.sensor, value: each.wafers, cumulative: each.cumulative }));
  const first = found.sensors[0];
  const name = `${title}: ${first.sensor} is named by ${many(first.wafers, "flagged wafer")}; the first ${bars.length} sensors are ${percent(bars.at(-1).cumulative)} of all namings.`;
  const rest = found.sensors.length - bars.length;
  return figure({
    title,
    name: `sensors-behind-flags${found.by ? `-${found.lot}` : ""}`,
    words: `Reasons of ${count(found.explained)} of ${many(found.flagged, "flagged wafer")}${found.runs > 1 ? ` in ${found.runs} predictions` : ""}; a wafer names several.${
      rest > 0 ? ` ${many(rest, "further sensor")} are in the table and the CSV.` : ""
    } Wafers that the model learned from do not count. Click a bar for its sensor.`,
    draw: (width) =>
      paretoChart({ name, about: "Bars from the most often named sensor; the line adds them up.", title: "Flagged wafers", bars, width, choose: (bar) => (location.hash = hashOf("sensors", bar.name, { run })) }),
    columns: ["sensor", "flagged wafers", "share of scores", "together"],
    rows: found.sensors.map((each) => [each.sensor, each.wafers, Number(each.carried.toFixed(3)), Number(each.cumulative.toFixed(4))]),
  });
}

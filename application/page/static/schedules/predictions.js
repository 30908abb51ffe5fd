// Places that are predicted by themselves.

import * as api from "../api.js";
import { announce, confirm, empty, h, table } from "../dom.js";
import { fullMoment, moment, sourceName } from "../format.js";
import { button, field } from "./part.js";

const EVERY = [
  [1, "hour"],
  [6, "6 hours"],
  [12, "12 hours"],
  [24, "day"],
  [168, "week"],
];

/** A part of the screen; `again` shows it anew. */
export function predictionsPart(may, again) {
  async function showPredictions() {
    const found = await api.get("/schedules");
    if (found.length === 0)
      return empty("No schedule yet", "The service predicts a source by itself whenever its files have changed.");
    return table("Schedules", [["Name"], ["Source"], ["Looks"], ["Last look"], ["What it found"], ["Prediction"], ["Change"]], found.map(line));
  }

  const line = (each) =>
    h(
      "tr",
      {},
      h("td", { class: "best" }, each.name),
      h("td", { class: "break", title: each.source }, sourceName(each.source)),
      h("td", {}, `every ${often(each.hours)}, next ${moment(each.due)}`),
      h("td", { title: fullMoment(each.looked) }, each.looked ? moment(each.looked) : "not yet"),
      h("td", { class: "words" }, each.found),
      h("td", {}, each.run_id && h("a", { href: `#/runs/${each.run_id}` }, "Open")),
      h("td", {}, may.start && button("End", `end ${each.name}`, () => askEnd(each), "quiet", `End ${each.name}`)),
    );

  async function askSchedule() {
    const { sources, configured } = await api.get("/sources?pipeline=predict");
    const choices = [...configured, ...sources.map((each) => each.source)];
    const name = h("input", { id: "schedule-name", type: "text", maxlength: "63", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9_-]*" });
    const source = h("select", { id: "schedule-source" }, choices.map((each) => h("option", { value: each }, each)));
    const hours = h("select", { id: "schedule-hours" }, EVERY.map(([value, words]) => h("option", { value, selected: value === 24 }, `every ${words}`)));
    confirm({
      title: "Predict a source by itself",
      words: ["The service looks at once, and then as often as you say. It predicts all files there whenever they have changed."],
      fields: [field("Name", name), field("Source", source), field("Looks", hours)],
      verb: "Add",
      act: async () => {
        const path = `/schedules/${encodeURIComponent(name.value.trim() || " ")}`;
        await api.send("PUT", path, { source: source.value, hours: Number(hours.value) });
        announce(`${name.value} is added.`);
        await again();
      },
    });
  }

  function askEnd({ name }) {
    confirm({
      title: `End ${name}?`,
      words: ["It looks no more. Predictions that it started continue and stay."],
      verb: "End",
      act: async () => {
        await api.send("DELETE", `/schedules/${encodeURIComponent(name)}`);
        announce(`${name} has ended.`);
        await again();
      },
    });
  }

  return { title: "Scheduled predictions", show: showPredictions, action: may.start && button("Add a schedule…", "add", askSchedule) };
}

const often = (hours) => EVERY.find(([value]) => value === hours)?.[1] ?? `${hours} hours`;

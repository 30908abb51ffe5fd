// Fields that choose what a screen of the history shows.

import { h } from "../dom.js";

const SPANS = { 20: "newest 20 predictions", "": "newest 50 predictions", 200: "newest 200 predictions" };

export const choice = (id, words, chosen, options, change) =>
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

/** How many predictions, and since when; `change` gets what was set. */
export const span = (state, change) => [
  choice("runs", "History", state.runs ?? "", Object.entries(SPANS), (runs) => change({ runs })),
  h(
    "div",
    {},
    h("label", { for: "since" }, "Predicted since"),
    h("input", { id: "since", type: "date", "data-key": "since", value: state.since ?? "", on: { change: (event) => change({ since: event.target.value }) } }),
  ),
];

// Lots: flagged wafers and outcomes by lot, batch, run or time, which ones stand out, and the wafers of one.

import { hashOf } from "./address.js";
import * as api from "./api.js";
import { within } from "./contract.js";
import { announce, empty, failure, h, put } from "./dom.js";
import { many, plural } from "./format.js";
import { choice, span } from "./lots/choice.js";
import { frame } from "./lots/frame.js";
import { lotView } from "./lots/lot.js";
import { nounOf, titled, wayOf } from "./lots/names.js";
import { overview } from "./lots/overview.js";

const MEASURES = { flagged: "flagged", inspected: "to inspect", failed: "failing, by outcome" };

export function lotsScreen(main) {
  const { tools, body } = frame(main, "Lots", "lots", "the lots");
  let asked = "";
  let last = ["", {}];
  let closed = false;

  async function go(by, state) {
    last = [by, state];
    const question = questionOf(by, state);
    const own = (asked = `${question}&${state.lot ?? ""}`);
    try {
      const page = await api.get(within(`/lots?${question}`));
      const lot = state.lot !== undefined && page.lots.find((each) => each.lot === state.lot);
      const wafers = lot && (await api.get(within(`/lots/wafers?${questionOf(page.by, state)}&${new URLSearchParams({ lot: lot.lot })}`)));
      if (closed || own !== asked) return;
      put(tools, choices(page, state));
      if (page.lots.length === 0) return put(body, nothing(state));
      if (state.lot !== undefined && !lot) return put(body, gone(page, state));
      put(body, lot ? lotView(page, lot, wafers, state) : overview(page, state, within(`/lots.csv?${questionOf(page.by, state)}`)));
      announce(lot ? `${lot.lot}: ${many(lot.wafers, "wafer")}.` : `${many(page.lots.length, nounOf(page.by))}, ${many(page.excursions, "excursion")}.`);
    } catch (problem) {
      if (!closed && own === asked) put(body, failure(problem, () => go(by, state)));
    }
  }

  return {
    go,
    again: () => go(...last),
    close: () => (closed = true),
  };
}

/** The question to the service that an address asks. */
function questionOf(by, { measure = "", runs = "", run = "", since = "" }) {
  const given = Object.entries({ by, measure, runs, run, since }).filter(([, value]) => value !== "");
  return new URLSearchParams(given).toString();
}

function choices(page, state) {
  const shown = (changes) => (location.hash = hashOf("lots", page.by, { ...state, lot: undefined, sort: "", q: "", page: "", ...changes }));
  return [
    choice("by", "By", page.by, page.columns.map((each) => [each, wayOf(each)]), (by) => {
      location.hash = hashOf("lots", by, { ...state, lot: undefined, sort: "", q: "", page: "" });
    }),
    choice("measure", "Chart", page.measure, Object.entries(MEASURES), (measure) => shown({ measure })),
    state.run
      ? h(
          "p",
          {},
          "Within ",
          h("a", { href: hashOf("results", state.run) }, state.run),
          " · ",
          h("a", { href: hashOf("lots", page.by) }, "All predictions"),
        )
      : span(state, shown),
  ];
}

const nothing = (state) =>
  empty(
    "No wafers to show",
    state.since || state.run ? "No prediction of this part of the history has wafers. " : "No wafer was predicted yet. ",
    h("a", { href: state.since || state.run ? "#/lots" : "#/runs" }, state.since || state.run ? "All predictions" : "Start a prediction"),
  );

const gone = (page, state) =>
  empty(
    `${titled(nounOf(page.by))} not found`,
    `None of these predictions has a ${nounOf(page.by)} ${state.lot} in ${wayOf(page.by)}. `,
    h("a", { href: hashOf("lots", page.by) }, `All ${plural(nounOf(page.by))}`),
  );

// Two predictions side by side: whose verdict differs, and who moved in the ranking.

import { remember } from "./address.js";
import * as api from "./api.js";
import { announce, empty, failure, h, loading, put } from "./dom.js";
import { count, fixed, many, moment, signed, sourceName } from "./format.js";
import { resultsFrame } from "./results-frame.js";
import { listTable } from "./table.js";

const AT_ONCE = 10_000; // wafers a request

export function compareScreen(main) {
  const [a, b] = ["a", "b"].map((side) => h("select", { id: side, on: { change: chosen } }));
  const every = h("input", { type: "checkbox", id: "every", on: { change: chosen } });
  const learned = h("input", { type: "checkbox", id: "learned", on: { change: chosen } });
  const body = h("div", { class: "results-body" }, loading("the predictions"));
  let closed = false;
  const both = h("p", { class: "small" }, every, " ", h("label", { for: "every" }, "Wafers of the same verdict too"));
  const known = h("p", { class: "small" }, learned, " ", h("label", { for: "learned" }, "Wafers that a version learned from too"));
  main.replaceChildren(resultsFrame([h("h1", {}, "Compare"), side("a", "Before", a), side("b", "After", b), both, known], body));

  function chosen() {
    remember({ a: a.value, b: b.value, all: every.checked, learned: learned.checked, sort: "", q: "", page: "" }, { step: true });
    show({});
  }

  async function go(_, state) {
    try {
      const { runs } = await api.get("/runs?pipeline=predict&state=succeeded&limit=200");
      if (closed) return;
      for (const picker of [a, b, every, learned]) picker.disabled = runs.length < 2;
      for (const picker of [a, b]) put(picker, optionsOf(runs));
      if (runs.length < 2) return put(body, nothing());
      const [newest, before] = pairOf(runs, state);
      [a.value, b.value] = [state.a || before, state.b || newest];
      [every.checked, learned.checked] = [Boolean(state.all), Boolean(state.learned)];
      await show(state);
    } catch (problem) {
      if (!closed) put(body, failure(problem, () => go("", state)));
    }
  }

  async function show(state) {
    const asked = `${a.value} ${b.value}`;
    put(body, loading("the comparison"));
    try {
      const query = new URLSearchParams({ a: a.value, b: b.value, all: every.checked, learned: learned.checked, limit: AT_ONCE });
      const found = await api.get(`/runs/compare?${query}`);
      if (closed || asked !== `${a.value} ${b.value}`) return;
      put(body, summary(found), listed(found, state));
      announce(`${many(found.differing, "wafer")} with another verdict.`);
    } catch (problem) {
      if (!closed) put(body, failure(problem));
    }
  }

  return { go, again: () => go("", {}), close: () => (closed = true) };
}

const nothing = () =>
  empty("Nothing to compare yet", "Two predictions are needed. Start another one on ", h("a", { href: "#/runs" }, "Runs"), ".");

const side = (id, words, picker) => [h("label", { for: id, class: "small" }, words), picker];

const optionsOf = (runs) =>
  runs.map((run) => h("option", { value: run.run_id }, `${sourceName(run.source)} · ${moment(run.created)}`));

/** The newest run and one before it, over the same batches where there is one. */
function pairOf(runs, state) {
  const newest = runs.find((run) => run.run_id === state.b) ?? runs[0];
  const others = runs.filter((run) => run !== newest);
  const same = others.find((run) => run.source === newest.source);
  return [newest.run_id, (same ?? others[0]).run_id];
}

function summary(found) {
  const alone = [found.only_a && `${many(found.only_a, "wafer")} only before`, found.only_b && `${many(found.only_b, "wafer")} only after`, found.learned && `${many(found.learned, "wafer")} that a version learned from left out`];
  const moves = Object.entries(found.verdicts).filter(([name]) => new Set(name.split(" > ")).size > 1);
  return h(
    "section",
    { class: "card", "aria-labelledby": "compared-title" },
    h("h2", { id: "compared-title" }, `${count(found.differing)} of ${many(found.both, "wafer")} have another verdict`),
    h("p", { class: "small" }, [sideOf("Before", found.a), sideOf("after", found.b), ...alone].filter(Boolean).join(" · ")),
    moves.length > 0 && h(
      "dl",
      { class: "tiles" },
      moves.map(([name, number]) => h("div", {}, h("dt", {}, name.replace(" > ", " → ")), h("dd", {}, count(number)))),
    ),
  );
}

const sideOf = (words, run) => `${words}: version ${run.model_version ?? "–"}, ${sourceName(run.source)}, ${moment(run.created)}`;

function listed(found, state) {
  const verdict = (word) => h("span", { class: `verdict ${word}` }, word);
  const table = listTable({
    label: "Compared wafers",
    noun: "wafer",
    none: "No wafer has another verdict.",
    rows: found.wafers,
    state,
    changed: (set) => remember(set, { step: true }),
    columns: [
      {
        key: "wafer",
        title: "Wafer",
        value: (each) => each.wafer,
        cell: (each) => h("a", { href: `#/results/${found.b.run_id}?verdict=all&wafer=${encodeURIComponent(each.wafer)}` }, each.wafer),
      },
      { key: "a", title: "Before", value: (each) => each.a.verdict, cell: (each) => verdict(each.a.verdict) },
      { key: "b", title: "After", value: (each) => each.b.verdict, cell: (each) => verdict(each.b.verdict) },
      { key: "pa", title: "Probability before", kind: "number", value: (each) => each.a.probability, cell: (each) => fixed(each.a.probability) },
      { key: "pb", title: "Probability after", kind: "number", value: (each) => each.b.probability, cell: (each) => fixed(each.b.probability) },
      { key: "ra", title: "Rank before", kind: "number optional", value: (each) => each.a.rank, cell: (each) => count(each.a.rank) },
      { key: "rb", title: "Rank after", kind: "number optional", value: (each) => each.b.rank, cell: (each) => count(each.b.rank) },
      { key: "shift", title: "Nearer to the top", kind: "number", value: (each) => each.shift, cell: (each) => (each.shift === 0 ? "0" : signed(each.shift, 0)) },
      { key: "file", title: "File", kind: "optional", value: (each) => each.file },
    ],
  });
  return h("section", { class: "card flush", "aria-label": "Compared wafers, the greatest move first" }, table.element);
}

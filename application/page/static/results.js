// Results: the wafers of a prediction run, most suspicious first, and what another false-alarm budget would mean.

import { address, hashOf } from "./address.js";
import * as api from "./api.js";
import { follow, within } from "./contract.js";
import { empty, failure, h, loading, put } from "./dom.js";
import { moment, sourceName } from "./format.js";
import { rankedWafers } from "./ranked.js";
import { resultsFrame } from "./results-frame.js";

export function resultsScreen(main, may) {
  const picker = h("select", { id: "which", on: { change: () => (location.hash = `#/results/${picker.value}`) } });
  const tools = h("div", { class: "actions" });
  const body = h("div", { class: "results-body" }, loading("the results"));
  let shown = "";
  let view = null;
  let closed = false;
  const label = h("label", { for: "which", class: "unseen" }, "Prediction run");
  main.replaceChildren(resultsFrame([h("h1", {}, "Results"), label, picker, tools], body));

  async function go(runId, state = {}) {
    try {
      const page = await api.get(within("/runs?pipeline=predict&state=succeeded&limit=100"));
      if (closed) return;
      const known = page.runs.some((each) => each.run_id === runId);
      const wanted = runId || page.runs[0]?.run_id;
      put(
        picker,
        page.runs.map((each) =>
          h("option", { value: each.run_id }, `${sourceName(each.source)} · ${moment(each.created)}`),
        ),
        runId && !known && h("option", { value: runId }, runId),
        page.runs.length === 0 && !runId && h("option", { value: "" }, "No prediction yet"),
      );
      picker.disabled = page.runs.length === 0;
      if (!wanted)
        return put(
          body,
          empty(
            "No prediction yet",
            "Upload unlabelled batches and start a prediction on ",
            h("a", { href: "#/runs" }, "Runs"),
            ". The wafers then appear here, most suspicious first.",
          ),
        );
      picker.value = wanted;
      if (wanted === shown) return view?.restore(state);
      if (!runId) history.replaceState(null, "", hashOf("results", wanted, state));
      await open(wanted, state);
    } catch (problem) {
      if (!closed)
        put(
          body,
          problem.status === 404 ? empty("No wafers to show", problem.detail) : failure(problem, () => go(runId, state)),
        );
    }
  }

  async function open(runId, state) {
    shown = runId;
    view = null;
    put(body, loading("the wafers"));
    put(tools);
    const at = encodeURIComponent(runId);
    try {
      const [run, page, budgets] = await Promise.all([
        api.get(`/runs/${at}`),
        api.get(`/runs/${at}/predictions?limit=1`),
        api.find(`/runs/${at}/budgets`),
      ]);
      if (closed || shown !== runId) return;
      follow(run);
      put(
        tools,
        h("a", { class: "button", href: `/runs/${at}/predictions.csv`, download: true }, "Download CSV"),
        h("a", { class: "button", href: `/runs/${at}/report`, target: "_blank", rel: "noopener" }, "Report"),
        h("a", { class: "button", href: `#/runs/${at}` }, "Run"),
      );
      if (page.total === 0 || !budgets)
        return put(
          body,
          empty("No wafer was predicted", "Every file or row of this run was refused. The run shows the reasons."),
        );
      view = rankedWafers(run, page, budgets, may, state);
      put(body, view.elements);
    } catch (problem) {
      shown = "";
      throw problem;
    }
  }

  return {
    go,
    again: () => go(shown, address().state),
    close: () => (closed = true),
  };
}

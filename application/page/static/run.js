// One run: its stages live, refused files and rows with reasons, its output, and the actions on it.

import * as api from "./api.js";
import { follow } from "./contract.js";
import { confirm, empty, failure, h, loading, put } from "./dom.js";
import { PIPELINES, seconds } from "./format.js";
import { factsOf } from "./run/facts.js";
import { manifestCards } from "./run/input.js";
import { logOf } from "./run/log.js";
import { outcomeOf } from "./run/outcome.js";
import { files } from "./run/outputs.js";
import { layBars, stageList, tellChanges } from "./run/stages.js";

const ACTIVE = new Set(["queued", "running"]);

export function stateBadge(run) {
  const state = run.cancelling ? "cancelling" : run.state;
  return h("span", { class: `badge ${state}` }, state);
}

/** Show a run in an element and follow it; `moved` is called after changes that the history should show. */
export function runView(element, runId, may, moved) {
  const head = h("div", { class: "card" });
  const stages = h("section", { class: "card", "aria-labelledby": "stages-title" });
  const came = h("div", {});
  const output = h("div", {});
  const outcome = h("div", {});
  const acted = h("div", {});
  let run = null;
  let manifestOf = "";
  let headOf = "";
  let outputOf = "";
  let closed = false;
  let stop = () => {};
  put(element, loading("the run"));

  api
    .get(`/runs/${encodeURIComponent(runId)}`)
    .then(
      begin,
      (problem) =>
        closed ||
        put(
          element,
          problem.status === 404
            ? empty("Run not found", "It may be in another store. ", h("a", { href: "#/runs" }, "All runs"))
            : failure(problem, again),
        ),
    );

  function again() {
    put(element, loading("the run"));
    api.get(`/runs/${encodeURIComponent(runId)}`).then(begin, (problem) => put(element, failure(problem, again)));
  }

  function begin(found) {
    if (closed) return;
    follow(found);
    put(element, head, outcome, stages, came, output, may.start && logOf(found.run_id));
    show(found);
    if (ACTIVE.has(found.state)) stop = api.follow(runId, show);
  }

  function show(found) {
    if (closed) return;
    tellChanges(run, found);
    const ended = run && ACTIVE.has(run.state) && !ACTIVE.has(found.state);
    run = found;
    showHead();
    put(stages, ...stageList(run));
    layBars(stages);
    put(outcome, outcomeOf(run));
    showManifest();
    showOutput();
    if (ended) moved();
  }

  function showHead() {
    const key = JSON.stringify([run.state, run.cancelling, run.finished, run.attempt, run.outputs.length]);
    if (key === headOf) return;
    headOf = key;
    put(
      head,
      h(
        "div",
        { class: "heading" },
        h("h2", {}, PIPELINES[run.pipeline]),
        stateBadge(run),
        h("div", { class: "actions" }, ways(run)),
      ),
      acted,
      factsOf(run),
    );
  }

  function ways(run) {
    const found = [];
    if (run.pipeline === "predict" && run.state === "succeeded")
      found.push(
        h("a", { class: "button primary", href: `#/results/${run.run_id}` }, "View wafers"),
        h("a", { class: "button", href: `#/compare?b=${run.run_id}` }, "Compare"),
      );
    if (run.pipeline === "outcomes" && run.state === "succeeded")
      found.push(h("a", { class: "button primary", href: "#/models" }, "View scorecard"));
    if (run.model_version)
      found.push(
        h("a", { class: "button primary", href: `#/models/${run.model_version}` }, `View version ${run.model_version}`),
      );
    if (run.outputs.some((each) => each.name === "report.html") || run.refused.length > 0) {
      found.push(
        h("a", { class: "button", href: `/runs/${run.run_id}/report`, target: "_blank", rel: "noopener" }, "Report"),
      );
    }
    if (may.start && ACTIVE.has(run.state) && !run.cancelling)
      found.push(h("button", { type: "button", "data-key": "cancel", on: { click: askCancel } }, "Cancel"));
    if (may.start && (run.state === "failed" || run.state === "cancelled")) {
      const helps = run.state === "cancelled" || run.error?.retry_helps;
      found.push(
        h("button", { type: "button", class: helps ? "primary" : null, "data-key": "retry", on: { click: retry } }, "Retry"),
      );
    }
    if (may.promote && !ACTIVE.has(run.state) && run.state !== "removed")
      found.push(h("button", { type: "button", class: "quiet", "data-key": "remove", on: { click: askRemove } }, "Remove…"));
    return found;
  }

  function askRemove() {
    const words = [
      "Its results, report, refused files and log are removed from the store and cannot be brought back.",
      "The line in the history stays and says who removed it. Models and batches stay.",
    ];
    const act = async () => {
      await api.remove(`/runs/${runId}`);
      show(await api.get(`/runs/${runId}`));
      moved();
    };
    confirm({ title: "Remove this run?", words, verb: "Remove the run", keep: "Keep it", act });
  }

  function askCancel() {
    const words = ["Running stages stop immediately. Finished stages are kept, and a retry continues after them."];
    confirm({
      title: "Cancel this run?",
      words,
      verb: "Cancel the run",
      keep: "Keep it running",
      act: () => api.post(`/runs/${runId}/cancel`).then(moved),
    });
  }

  async function retry() {
    try {
      await api.post(`/runs/${runId}/retry`);
      put(acted);
      stop();
      moved();
      stop = api.follow(runId, show);
    } catch (problem) {
      put(acted, failure(problem));
    }
  }

  function showOutput() {
    const key = JSON.stringify(run.outputs);
    if (key === outputOf) return;
    outputOf = key;
    put(output, run.outputs.length > 0 && files(run));
  }

  async function showManifest() {
    const judged = run.stages.some((each) => each.name === "validate" && ["succeeded", "failed"].includes(each.state));
    const key = `${judged}/${run.attempt}`;
    if (!judged || key === manifestOf) return;
    manifestOf = key;
    try {
      const found = await api.find(`/runs/${runId}/manifest`);
      if (!closed && found) put(came, manifestCards(run, found));
      if (!found) manifestOf = "";
    } catch (problem) {
      manifestOf = "";
      if (!closed) put(came, failure(problem, showManifest));
    }
  }

  const ticking = setInterval(() => {
    const running = stages.querySelectorAll("[data-since]");
    for (const each of running) each.textContent = seconds(Math.max(0, api.now() - Number(each.dataset.since)));
    if (running.length > 0) layBars(stages);
  }, 250);
  return {
    close() {
      closed = true;
      stop();
      clearInterval(ticking);
    },
  };
}


// Runs: start one, the history, and the selected run live.

import * as api from "./api.js";
import { within } from "./contract.js";
import { empty, failure, h, loading, put } from "./dom.js";
import { between, fullMoment, moment, PIPELINES, seconds, sourceName } from "./format.js";
import { runView, stateBadge } from "./run.js";
import { startPanel } from "./start.js";

const LOOK_AGAIN = 4000; // milliseconds between two requests for the history
const PAGE = 50;

export function runsScreen(main, may) {
  const list = h("div", { class: "history" }, loading("the runs"));
  const detail = h("section", { class: "detail", "aria-label": "Selected run" });
  const history = h(
    "section",
    { class: "card flush", "aria-labelledby": "history-title" },
    h("h2", { id: "history-title" }, "History"),
    list,
  );
  const panel = may.start ? startPanel((run) => choose(run.run_id)) : null;
  const screen = h(
    "div",
    { class: "runs" },
    h("h1", { class: "unseen" }, "Runs"),
    h("div", { class: "side" }, panel?.element, history),
    detail,
  );
  let chosen = "";
  let told = "";
  let limit = PAGE;
  let view = null;
  main.replaceChildren(screen);

  async function look() {
    try {
      const page = await api.get(within(`/runs?limit=${limit}`));
      const text = JSON.stringify([page, chosen]);
      if (text !== told) showHistory(page);
      told = text;
      if (!chosen && page.runs.length > 0) follow(page.runs[0].run_id);
      if (!chosen && page.runs.length === 0) {
        put(
          detail,
          empty(
            "No run yet",
            may.start
              ? "Drop labelled batches on the form and train the first model."
              : "Runs appear here when someone starts one.",
          ),
        );
      }
    } catch (problem) {
      if (!told) put(list, failure(problem, look));
    }
  }

  function showHistory(page) {
    if (page.runs.length === 0) return put(list, h("p", { class: "empty-line" }, "No run yet."));
    const more =
      page.next &&
      limit < 200 &&
      h("button", { type: "button", class: "more", on: { click: () => ((limit = 200), look()) } }, "Show more");
    put(list, h("ol", {}, page.runs.map(line)), more);
  }

  const line = (run) =>
    h(
      "li",
      {},
      h(
        "a",
        { href: `#/runs/${run.run_id}`, "data-key": run.run_id, "aria-current": run.run_id === chosen ? "true" : null },
        h(
          "span",
          { class: "what" },
          h("strong", {}, PIPELINES[run.pipeline]),
          " ",
          h("span", { class: "source", title: run.source }, sourceName(run.source)),
        ),
        stateBadge(run),
        h("time", { datetime: run.created, title: fullMoment(run.created) }, moment(run.created)),
        h("span", { class: "took" }, run.finished ? seconds(between(run.started ?? run.created, run.finished)) : ""),
      ),
    );

  function choose(runId) {
    location.hash = `#/runs/${runId}`;
    look();
  }

  function follow(runId) {
    if (runId === chosen && view) return;
    chosen = runId;
    view?.close();
    view = runView(detail, runId, may, look);
    look();
  }

  const looking = setInterval(() => document.visibilityState === "visible" && look(), LOOK_AGAIN);
  return {
    go(runId) {
      if (runId) follow(runId);
      else look();
    },
    again() {
      panel?.again();
      look();
    },
    close() {
      clearInterval(looking);
      view?.close();
    },
  };
}

// One run: its stages live, refused files and rows with reasons, its output, and the actions on it.

import * as api from "./api.js";
import { announce, confirm, empty, failure, h, loading, put, table } from "./dom.js";
import { between, bytes, count, fixed, fullMoment, many, percent, PIPELINES, seconds } from "./format.js";

const SHOWN_ROWS = 200;
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
      h(
        "dl",
        { class: "facts" },
        fact("Run", h("code", {}, run.run_id)),
        fact("Batches", run.source),
        fact("Started by", run.requested_by),
        fact("Started", fullMoment(run.started ?? run.created)),
        run.finished && fact("Duration", seconds(between(run.started ?? run.created, run.finished))),
        run.attempt > 1 && fact("Attempt", [count(run.attempt), ...run.retries.slice(-1)].join(": ")),
        run.pipeline !== "outcomes" && fact(
          "False-alarm budget",
          run.parameters.false_alarm_budget ? percent(run.parameters.false_alarm_budget, 1) : "as in the model",
        ),
        ...thresholds(run).map((note) => fact("Threshold", note)),
      ),
    );
  }

  function ways(run) {
    const found = [];
    if (run.pipeline === "predict" && run.state === "succeeded")
      found.push(h("a", { class: "button primary", href: `#/results/${run.run_id}` }, "View wafers"));
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
    if (may.start && (run.state === "failed" || run.state === "cancelled"))
      {
      const helps = run.state === "cancelled" || run.error?.retry_helps;
      found.push(
        h("button", { type: "button", class: helps ? "primary" : null, "data-key": "retry", on: { click: retry } }, "Retry"),
      );
    }
    return found;
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

function tellChanges(before, after) {
  if (!before) return;
  if (before.state !== after.state) announce(`Run: ${after.state}.`);
  else {
    const was = new Map(before.stages.map((each) => [each.name, each.state]));
    const changed = after.stages.find((each) => each.state !== "pending" && was.get(each.name) !== each.state);
    if (changed) announce(`${changed.label}: ${changed.state}.`);
  }
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** Which threshold a prediction used and why, when it has ended. */
const thresholds = (run) => run.stages.map((each) => each.counts.threshold_note).filter(Boolean);

const labelOf = (run, name) => run.stages.find((each) => each.name === name)?.label ?? name;

function stageList(run) {
  const rows = run.stages.map((stage) => {
    const running = stage.state === "running" || stage.state === "starting";
    const time =
      stage.started &&
      h(
        "span",
        { class: "took", "data-since": running ? stage.started : null },
        seconds(running ? Math.max(0, api.now() - stage.started) : stage.seconds),
      );
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    if (stage.started)
      bar.append(h("i", { class: stage.state, "data-started": stage.started, "data-seconds": stage.seconds }));
    return h(
      "li",
      { class: stage.state },
      h("span", { class: `dot ${stage.state}`, "aria-hidden": "true" }),
      h("span", { class: "name" }, stage.label, h("span", { class: "unseen" }, `: ${stage.state}`)),
      h("span", { class: "counts" }, stage.error ? stage.error.message : stage.progress ? progressOf(stage) : stage.summary),
      bar,
      time || h("span", { class: "took" }, stage.state === "skipped" ? "not run" : ""),
    );
  });
  return [h("h3", { id: "stages-title" }, "Stages"), h("ol", { class: "stages" }, rows)];
}

/** How far a running stage has come, as a bar and in words. */
function progressOf({ label, progress: { done, of, what } }) {
  return [
    h("progress", { max: of, value: done, "aria-label": `${label}: progress` }),
    h("span", {}, `${count(done)} of ${count(of)} ${what}`),
  ];
}

/** Place the stages' bars on the run's time; a running stage ends now. */
function layBars(stages) {
  const pieces = [...stages.querySelectorAll(".bar i")].map((piece) => {
    const started = Number(piece.dataset.started);
    return {
      piece,
      started,
      ended: piece.dataset.seconds ? started + Number(piece.dataset.seconds) : Math.max(api.now(), started),
    };
  });
  const first = Math.min(...pieces.map((each) => each.started));
  const whole = Math.max(...pieces.map((each) => each.ended)) - first || 1;
  for (const { piece, started, ended } of pieces) {
    piece.style.left = `${(100 * (started - first)) / whole}%`;
    piece.style.width = `${Math.max(0.6, (100 * (ended - started)) / whole)}%`;
  }
}

function outcomeOf(run) {
  if (run.error) {
    const advice = run.error.retry_helps
      ? "A retry may help; it continues after the finished stages."
      : "A retry will not help until the cause is fixed.";
    return h(
      "div",
      { class: "notice fail", role: "alert" },
      h(
        "p",
        {},
        h("strong", {}, run.error.stage ? `Failed at “${labelOf(run, run.error.stage)}”. ` : "Failed. "),
        run.error.message,
      ),
      h("p", { class: "small" }, h("code", {}, run.error.code), ` · ${advice}`),
    );
  }
  if (run.state === "cancelled")
    return h(
      "div",
      { class: "notice" },
      h("p", {}, "This run was cancelled. A retry continues after the finished stages."),
    );
  if (run.model_version) {
    const figures = [
      ["AUC", run.metrics.auc],
      ["PR AUC", run.metrics.pr_auc],
      ["Recall at 10 % false alarms", run.metrics.recall_at_10],
    ];
    return h(
      "div",
      { class: `notice ${run.promoted ? "pass" : "inspect"}` },
      h(
        "p",
        {},
        h(
          "strong",
          {},
          `Version ${run.model_version} ${run.decided}. `,
        ),
        run.reason,
      ),
      h(
        "p",
        { class: "small" },
        figures
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => `${name} ${fixed(value)}`)
          .join(" · "),
      ),
    );
  }
  return null;
}

function manifestCards(run, manifest) {
  const total = manifest.totals ?? {};
  const bad = manifest.files.filter((each) => each.verdict === "bad");
  const warned = manifest.files.filter((each) => each.verdict !== "bad" && each.warnings?.length > 0);
  const links = new Map(run.refused.map((each) => [each.name, each.href]));
  return [
    h(
      "section",
      { class: "card", "aria-labelledby": "came-title" },
      h("h3", { id: "came-title" }, "Input data"),
      h(
        "dl",
        { class: "tiles" },
        tile("Good files", `${count(total.files_good)} of ${count(total.files)}`),
        tile("Refused files", count(total.files_bad), total.files_bad > 0 && "bad"),
        tile("Good rows", `${count(total.rows_good)} of ${count(total.rows_in)}`),
        tile("Quarantined rows", count(total.rows_quarantined), total.rows_quarantined > 0 && "bad"),
      ),
      bad.length > 0 && total.rows_quarantined > 0 && h("p", { class: "small" }, `${count(inRefused(bad))} of the quarantined rows are those of refused files.`),
      bad.length > 0 && [h("h4", {}, "Refused files"), refusedFiles(bad, links)],
      manifest.rows.length > 0 && [h("h4", {}, "Quarantined rows one by one"), quarantined(manifest.rows)],
      bad.length === 0 && manifest.rows.length === 0 && h("p", { class: "small" }, "No file was refused and no row was quarantined."),
      warned.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, `${many(warned.length, "file")} with warnings`),
          h(
            "ul",
            { class: "plain" },
            warned.map((each) =>
              h(
                "li",
                {},
                h("code", {}, each.name),
                " ",
                each.warnings.map((words) => words.replaceAll("`", "")).join(" "),
              ),
            ),
          ),
        ),
    ),
  ];
}

/** What the tasks wrote; asked for when it is opened, and again at each opening. */
function logOf(runId) {
  const lines = h("pre", { class: "log", tabindex: "0", "aria-label": "Log" });
  const log = h("details", { class: "card" }, h("summary", {}, "Log"), lines);
  log.addEventListener("toggle", async () => {
    if (!log.open) return;
    put(lines, "Loading the log…");
    try {
      const found = await api.get(`/runs/${encodeURIComponent(runId)}/log?last=2000`);
      const left = found.total - found.lines.length;
      const words = [left > 0 && `(${many(left, "earlier line")} left out)`, ...found.lines.map(logLine)];
      put(lines, words.filter(Boolean).join("\n") || "Nothing was written yet.");
    } catch (problem) {
      put(lines, problem.detail ?? String(problem));
    }
  });
  return log;
}

const logLine = ({ at, task, message, facts }) =>
  [
    at.slice(0, 19).replace("T", " "),
    task,
    message,
    ...Object.entries(facts).map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`),
  ]
    .filter(Boolean)
    .join(" ");

const tile = (name, value, kind) => h("div", { class: kind || null }, h("dt", {}, name), h("dd", {}, value));

const inRefused = (bad) => bad.reduce((sum, each) => sum + (each.rows_quarantined ?? 0), 0);

function refusedFiles(bad, links) {
  const columns = [
    ["File", "wide-cell"],
    ["Code", ""],
    ["What to do", "words"],
    ["Rows", "number"],
  ];
  const rows = bad.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, links.has(each.name) ? h("a", { href: links.get(each.name), download: true }, each.name) : each.name),
      h(
        "td",
        {},
        each.codes.map((code) => h("code", { class: "chip" }, code)),
      ),
      h("td", { class: "words" }, (each.messages ?? []).map((words) => words.replaceAll("`", "")).join(" ")),
      h("td", { class: "number" }, count(each.rows_in)),
    ),
  );
  return table("Refused files", columns, rows, "short");
}

function quarantined(rows) {
  const columns = [
    ["File", ""],
    ["Line", "number"],
    ["Wafer", ""],
    ["Code", ""],
    ["Reason", "words"],
  ];
  const shown = rows
    .slice(0, SHOWN_ROWS)
    .map((each) =>
      h(
        "tr",
        {},
        h("td", {}, each.file),
        h("td", { class: "number" }, String(each.line)),
        h("td", {}, each.wafer || "–"),
        h("td", {}, h("code", { class: "chip" }, each.code)),
        h("td", { class: "words" }, each.message),
      ),
    );
  const rest =
    rows.length > SHOWN_ROWS &&
    h(
      "p",
      { class: "small" },
      `The first ${SHOWN_ROWS} of ${many(rows.length, "row")}. The report and manifest.json list them all.`,
    );
  return [table("Quarantined rows", columns, shown, "short"), rest];
}

function files(run) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "files-title" },
    h("h3", { id: "files-title" }, "Output files"),
    h(
      "ul",
      { class: "outputs" },
      run.outputs.map((each) =>
        h(
          "li",
          {},
          h(
            "a",
            { href: each.href, target: each.media_type === "text/html" ? "_blank" : null, rel: "noopener" },
            each.name,
          ),
          h("span", { class: "small" }, bytes(each.bytes)),
        ),
      ),
    ),
  );
}

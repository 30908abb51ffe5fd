// The stages of a run, live: state, counts, progress, and a bar on the run's time.

import * as api from "../api.js";
import { announce, h } from "../dom.js";
import { count, seconds } from "../format.js";

export function tellChanges(before, after) {
  if (!before) return;
  if (before.state !== after.state) announce(`Run: ${after.state}.`);
  else {
    const was = new Map(before.stages.map((each) => [each.name, each.state]));
    const changed = after.stages.find((each) => each.state !== "pending" && was.get(each.name) !== each.state);
    if (changed) announce(`${changed.label}: ${changed.state}.`);
  }
}

export function stageList(run) {
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
export function layBars(stages) {
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

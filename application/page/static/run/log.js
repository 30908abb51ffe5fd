// The log of a run.

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { many } from "../format.js";

/** What the tasks wrote; asked for when it is opened, and again at each opening. */
export function logOf(runId) {
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

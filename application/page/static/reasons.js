// Why a wafer has its rank: the sensors behind it, each compared with the passing and the failing wafers.

import { hashOf } from "./address.js";
import * as api from "./api.js";
import { sensorStrip } from "./charts/strip.js";
import { within } from "./contract.js";
import { failure, h, loading, put } from "./dom.js";
import { percent, reading, signed } from "./format.js";

const PAUSE = 200; // milliseconds that a wafer stays chosen before its reasons are asked for
const known = new Map(); // address of a version's sensor -> how passing wafers read

function rangeOf(version, sensor) {
  const key = within(`/models/${version}/sensors/${encodeURIComponent(sensor)}`);
  if (!known.has(key)) {
    const asked = api.get(key);
    asked.catch(() => known.delete(key));
    known.set(key, asked);
  }
  return known.get(key);
}

/** The reasons of a wafer; those that its run published none for are asked for. */
export function reasonsOf(wafer, { runId, version }) {
  const element = h("div", {});
  if (wafer.top_sensors.length > 0) put(element, reasonList(wafer.top_sensors, version, runId));
  else ask(element, wafer, runId, version);
  return element;
}

/** Ask for the reasons of a wafer that the run published none for, unless another wafer is chosen meanwhile. */
function ask(element, wafer, runId, version) {
  put(element, loading("the reasons"));
  const address = `/runs/${encodeURIComponent(runId)}/wafers/${encodeURIComponent(wafer.wafer)}/explanation`;
  setTimeout(async () => {
    if (!element.isConnected) return;
    try {
      const { prediction } = await api.get(`${address}?file=${encodeURIComponent(wafer.file)}`);
      wafer.top_sensors = prediction.top_sensors;
      put(element, reasonList(wafer.top_sensors, version, runId));
    } catch (problem) {
      const known = problem.status === 404 || problem.status === 409;
      put(
        element,
        known
          ? h("p", { class: "small" }, problem.detail)
          : failure(problem, () => ask(element, wafer, runId, version)),
      );
    }
  }, PAUSE);
}

function reasonList(reasons, version, runId) {
  if (reasons.length === 0) return h("p", { class: "small" }, "No sensor raised the score of this wafer.");
  const most = Math.max(...reasons.map((reason) => Math.abs(reason.contribution ?? 0)), 1e-9);
  const carried = reasons.reduce((sum, reason) => sum + (reason.contribution_share ?? 0), 0);
  const told = `Together ${percent(carried)} of what raises the score above that of the usual passing wafer.`;
  return h(
    "div",
    {},
    h(
      "ol",
      { class: "reasons" },
      reasons.map((reason) => reasonItem(reason, most, version, runId)),
    ),
    carried > 0 ? h("p", { class: "small", id: "carried" }, told) : null,
    h("p", { class: "small strip-key" }, h("i", { class: "passing" }), " passing wafers ", h("i", { class: "failing" }), " failing wafers ", h("i", { class: "own" }), " this wafer"),
  );
}

function reasonItem(reason, most, version, runId) {
  const strip = h("div", { class: "strip" });
  const push = h("i", {});
  push.style.width = `${(100 * Math.abs(reason.contribution ?? 0)) / most}%`;
  rangeOf(version, reason.sensor).then(
    (range) => put(strip, sensorStrip(range, reason), h("p", { class: "small" }, placed(range, reason))),
    (problem) =>
      put(
        strip,
        problem.status === 404
          ? h("p", { class: "small" }, "The model has no readings of this sensor on passing wafers.")
          : failure(problem),
      ),
  );
  return h(
    "li",
    {},
    h(
      "div",
      { class: "reason" },
      h("strong", {}, h("a", { href: hashOf("sensors", reason.sensor, { run: runId }) }, reason.sensor)),
      h("span", { class: "value" }, reading(reason.value)),
      h(
        "span",
        { class: "push", title: "Contribution to the log-odds of failure" },
        h("span", { class: "unseen" }, "contribution "),
        signed(reason.contribution ?? 0),
        h("span", { class: "pushbar", "aria-hidden": "true" }, push),
      ),
    ),
    strip,
  );
}

/** Where a value lies among the passing wafers, in words. */
function placed({ levels, quantiles, missing }, { value, usual_low: low, usual_high: high, above_failing: failing }) {
  const silent = missing > 0.005 ? ` Missing on ${percent(missing)} of training wafers.` : "";
  const usual = low === null || high === null ? "" : `90 % of passing wafers read ${reading(low)} to ${reading(high)}`;
  if (value === null) return `No reading on this wafer. ${usual}.${silent}`;
  const below = quantiles.filter((each) => each !== null && each <= value).length;
  const others = failing === null ? "" : ` Above about ${percent(failing)} of failing ones.`;
  if (below === 0) return `Below every passing wafer.${others} ${usual}.${silent}`;
  if (below === levels.length) return `Above every passing wafer.${others} ${usual}.${silent}`;
  const within = (value - quantiles[below - 1]) / (quantiles[below] - quantiles[below - 1]);
  const share = levels[below - 1] + within * (levels[below] - levels[below - 1]);
  const side = share < 0.5 ? `Below about ${percent(1 - share)}` : `Above about ${percent(share)}`;
  return `${side} of passing wafers.${others} ${usual}.${silent}`;
}

// Small SVG charts: curves of a model, and a reading among those of the passing wafers.

import { s } from "./dom.js";
import { percent, reading } from "./format.js";

const SIZE = { width: 320, height: 250, left: 46, right: 12, top: 10, bottom: 40 };

/** Axes with ticks and titles; the picture says in `words` what it shows. */
function frame(words, x, y) {
  const { width, height, left, right, top, bottom } = SIZE;
  const across = (value) => left + ((value - x.from) / (x.to - x.from)) * (width - left - right);
  const up = (value) => height - bottom - ((value - y.from) / (y.to - y.from)) * (height - top - bottom);
  const ticks = ({ from, to, ticks: own }) => own ?? [0, 0.25, 0.5, 0.75, 1].map((share) => from + share * (to - from));
  const svg = s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, class: "chart" },
    ticks(y).map((at) => [
      s("line", { class: "grid", x1: left, x2: width - right, y1: up(at), y2: up(at) }),
      s("text", { class: "tick", x: left - 6, y: up(at) + 4, "text-anchor": "end" }, label(at, y.to)),
    ]),
    ticks(x).map((at) =>
      s("text", { class: "tick", x: across(at), y: height - bottom + 16, "text-anchor": "middle" }, label(at, x.to)),
    ),
    s("text", { class: "title", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, x.title),
    s(
      "text",
      {
        class: "title",
        x: 12,
        y: (top + height - bottom) / 2,
        "text-anchor": "middle",
        transform: `rotate(-90 12 ${(top + height - bottom) / 2})`,
      },
      y.title,
    ),
  );
  return { svg, across, up };
}

const label = (value, most) => (most < 0.2 ? (value * 100).toFixed(1) : (value * 100).toFixed(0));

const path = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Recall over false alarms, with the model's own budget marked. */
export function rocChart({ curve, false_alarm_budget: budget }, auc) {
  const words = `ROC curve, area ${auc.toFixed(3)}. At ${percent(budget)} false alarms the model finds ${percent(at(curve, budget)?.recall)} of failing wafers.`;
  const { svg, across, up } = frame(
    words,
    { from: 0, to: 1, title: "False alarms, % of good wafers" },
    { from: 0, to: 1, title: "Failing wafers found, %" },
  );
  const line = curve.map((each) => [across(each.false_alarm_rate), up(each.recall)]);
  const mark = at(curve, budget);
  svg.append(
    s("path", { class: "area", d: `${path(line)}L${across(1)} ${up(0)}L${across(0)} ${up(0)}Z` }), // below the diagonal
    s("path", {
      class: "chance",
      d: path([
        [across(0), up(0)],
        [across(1), up(1)],
      ]),
    }),
    s("path", { class: "line", d: path(line) }),
  );
  if (mark) svg.append(s("circle", { class: "mark", cx: across(mark.false_alarm_rate), cy: up(mark.recall), r: 4.5 }));
  return svg;
}

/** Precision over recall, with the failure rate as what chance reaches. */
export function precisionChart({ curve, failures, wafers, false_alarm_budget: budget }, area) {
  const base = failures / wafers;
  const points = curve.filter((each) => each.precision !== null);
  const mark = at(points, budget);
  const words = `Precision over recall, area ${area.toFixed(3)}; chance reaches ${percent(base, 1)}.`;
  const { svg, across, up } = frame(
    words,
    { from: 0, to: 1, title: "Failing wafers found, %" },
    { from: 0, to: 1, title: "Flagged wafers that fail, %" },
  );
  svg.append(
    s("path", {
      class: "chance",
      d: path([
        [across(0), up(base)],
        [across(1), up(base)],
      ]),
    }),
    s("path", { class: "line", d: path(points.map((each) => [across(each.recall), up(each.precision)])) }),
  );
  if (mark) svg.append(s("circle", { class: "mark", cx: across(mark.recall), cy: up(mark.precision), r: 4.5 }));
  return svg;
}

/** Observed over predicted failure rate, one point a group of equal size. */
export function calibrationChart({ calibration }) {
  const most = Math.max(...calibration.flatMap((bin) => [bin.predicted, bin.observed]), 0.01);
  const to = [0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1].find((each) => each >= most) ?? 1;
  const last = calibration.at(-1);
  const words = `Calibration in ${calibration.length} groups: in the most suspicious group ${percent(last?.observed, 1)} failed and ${percent(last?.predicted, 1)} were predicted.`;
  const { svg, across, up } = frame(
    words,
    { from: 0, to, title: "Predicted to fail, %" },
    { from: 0, to, title: "Failed, %" },
  );
  const points = calibration.map((bin) => [across(bin.predicted), up(bin.observed)]);
  svg.append(
    s("path", {
      class: "chance",
      d: path([
        [across(0), up(0)],
        [across(to), up(to)],
      ]),
    }),
    s("path", { class: "line", d: path(points) }),
    points
      .map(([x, y]) => s("circle", { class: "dot", cx: x, cy: y, r: 3.5 }))
      .reduce((all, each) => (all.append(each), all), s("g", {})),
  );
  return svg;
}

/** AUC and false alarms of later files, by both rules for the threshold, in the order of time. */
export function forwardChart({ files }, budget) {
  const rate = (rule) => (each) => each[rule].false_alarm_rate?.value ?? null;
  const words = `${files.length} files in the order of time, ${files[0].name} to ${files.at(-1).name}: AUC, and false alarms against the budget of ${percent(budget)}.`;
  const { svg, across, up } = frame(
    words,
    { from: 0, to: 1, title: "Tested files, the earliest first", ticks: [] },
    { from: 0, to: 1, title: "AUC; false alarms, %" },
  );
  const place = (number) => across((number + 0.5) / files.length);
  const points = (value) =>
    files.map((each, number) => [place(number), value(each)]).filter(([, at]) => at !== null).map(([x, at]) => [x, up(at)]);
  const dots = (kind, found) => found.map(([cx, cy]) => s("circle", { class: kind, cx, cy, r: 3.5 }));
  const line = (kind, found) => s("path", { class: kind, d: path(found) });
  const [fixed, recent, auc] = [points(rate("fixed")), points(rate("recent")), points((each) => each.auc)];
  svg.append(
    line("chance", [[across(0), up(budget)], [across(1), up(budget)]]),
    line("line second", recent),
    line("line", fixed),
    ...dots("dot", fixed),
    ...auc.map(([x, y]) => s("rect", { class: "square", x: x - 3.5, y: y - 3.5, width: 7, height: 7 })),
  );
  return svg;
}

/** False alarms of each period with their interval, and the budget that was promised. */
export function promiseChart({ periods, total }) {
  const told = periods.filter((each) => each.false_alarm_rate);
  const most = Math.max(...told.map((each) => Math.max(each.false_alarm_rate.high, each.budget)), 0.01);
  const to = [0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.4, 0.6, 0.8, 1].find((each) => each >= most) ?? 1;
  const { width, height, left, right, top, bottom } = SIZE;
  const half = (width - left - right) / Math.max(told.length, 1) / 2;
  const across = (place) => left + (2 * place + 1) * half;
  const up = (value) => height - bottom - (value / to) * (height - top - bottom);
  const words = `False alarms in ${told.length} periods, ${percent(total.false_alarm_rate?.value, 1)} in all; ${percent(total.budget, 1)} were promised: ${total.statement}.`;
  const stroke = (kind, [x1, y1], [x2, y2]) => s("line", { class: kind, x1, y1, x2, y2 });
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, class: "chart" },
    [0, 0.25, 0.5, 0.75, 1].map((part) => [
      stroke("grid", [left, up(part * to)], [width - right, up(part * to)]),
      s("text", { class: "tick", x: left - 6, y: up(part * to) + 4, "text-anchor": "end" }, label(part * to, to)),
    ]),
    told.map((each, place) => [
      stroke("chance", [across(place) - half, up(each.budget)], [across(place) + half, up(each.budget)]),
      stroke("line", [across(place), up(each.false_alarm_rate.low)], [across(place), up(each.false_alarm_rate.high)]),
      s("circle", { class: "dot", cx: across(place), cy: up(each.false_alarm_rate.value), r: 3.5 }),
    ]),
    told.map((each, place) => (place === 0 || place === told.length - 1) &&
      s("text", { class: "tick", x: across(place), y: height - bottom + 16, "text-anchor": "middle" }, each.period)),
    s("text", { class: "title", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "% of good wafers; dashed: promised"),
  );
}

/** The loosest point of a curve within a budget. */
const at = (curve, budget) => curve.filter((each) => each.false_alarm_rate <= budget + 1e-9).at(-1);

/** Density of the passing wafers from their quantiles, the usual range, and this wafer's value. */
export function sensorStrip({ levels, quantiles }, { value, usual_low: low, usual_high: high, sensor }) {
  const [width, height, base] = [340, 63, 40];
  const words = `${sensor}: ${reading(value)}; 90 % of passing wafers read ${reading(low)} to ${reading(high)}.`;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, class: "strip-chart" });
  if (quantiles.some((each) => each === null)) return svg;
  const inner = [quantiles[1], quantiles.at(-2)];
  const [from, to] = spread([...inner, low ?? inner[0], high ?? inner[1], value ?? inner[0]]);
  const across = (each) => 4 + ((Math.min(Math.max(each, from), to) - from) / (to - from)) * (width - 8);
  const steps = levels
    .slice(1)
    .map((level, n) => ({ left: quantiles[n], right: quantiles[n + 1], share: level - levels[n] }));
  const tall = steps.map(({ left, right, share }) => share / Math.max(right - left, (to - from) / 200));
  const most = Math.max(...tall);
  const outline = steps.flatMap(({ left, right }, n) => [
    [across(left), base - (tall[n] / most) * 34],
    [across(right), base - (tall[n] / most) * 34],
  ]);
  svg.append(
    s("rect", {
      class: "usual",
      x: across(low ?? from),
      y: 2,
      width: Math.max(1, across(high ?? to) - across(low ?? from)),
      height: base - 2,
    }),
    s("path", {
      class: "density",
      d: `M${across(quantiles[0])} ${base}L${path(outline).slice(1)}L${across(quantiles.at(-1))} ${base}Z`,
    }),
    s("line", { class: "axis", x1: 4, x2: width - 4, y1: base, y2: base }),
    s("text", { class: "tick", x: 4, y: height - 3 }, reading(Number(from.toPrecision(3)))),
    s("text", { class: "tick", x: width - 4, y: height - 3, "text-anchor": "end" }, reading(Number(to.toPrecision(3)))),
  );
  if (value !== null) {
    const x = across(value);
    svg.append(
      s("line", { class: "value", x1: x, x2: x, y1: 2, y2: base + 4 }),
      s("path", { class: "value", d: `M${x} ${base + 1}l4.500 7h-9z` }),
    );
  }
  return svg;
}

function spread(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least) * 0.06 || Math.abs(most) * 0.06 || 1;
  return [least - room, most + room];
}

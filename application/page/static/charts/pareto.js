// What counts most: bars from the largest, and the share of all that the first ones make up.

import { s } from "../dom.js";
import { percent } from "../format.js";
import { dot, keyBox, keyLine, legend, line, picture, pointer, roundTicks, segment } from "./axes.js";

const SIZE = { row: 22, bottom: 40, left: 110, right: 56, width: 640 };

/**
 * A Pareto chart with lying bars, so that names can be read. `bars` have `name`, `value` (a count) and `cumulative` (share
 * of all, the bar's own included); `title` says what is counted, `label` how a value is written. `choose` is called with
 * the bar that is clicked.
 */
export function paretoChart({ name, about, title, bars, label = String, choose, width = SIZE.width }) {
  const { row, bottom, left, right } = SIZE;
  const key = legend([[keyBox("amount"), title.toLowerCase()], [keyLine("line cumulative"), "share of all, together"]], { ...SIZE, width });
  const top = key.height;
  const height = top + bars.length * row + bottom;
  const base = height - bottom;
  const most = Math.max(...bars.map((each) => each.value), 1e-9);
  const across = (value) => left + (value / most) * (width - left - right);
  const share = (value) => left + value * (width - left - right);
  const middle = (place) => top + (place + 0.5) * row;
  const svg = picture({ name, about, width, height, kind: "chart wide" });
  const ticks = roundTicks(0, most, Math.max(2, Math.round(width / 130))).filter(Number.isInteger);
  svg.append(
    ...ticks.map((each) => segment("grid", [across(each), top], [across(each), base])),
    ...bars.flatMap((each, place) => [
      s("rect", { class: "amount", x: left, y: middle(place) - row / 2 + 3, width: Math.max(1, across(each.value) - left), height: row - 6 }, s("title", {}, `${each.name}: ${label(each.value)}, together ${percent(each.cumulative)}`)),
      s("text", { class: "tick strong", x: left - 6, y: middle(place) + 4, "text-anchor": "end" }, short(each.name)),
    ]),
    line("line cumulative", bars.map((each, place) => [share(each.cumulative), middle(place)])),
    ...bars.map((each, place) => dot("dot cumulative", [share(each.cumulative), middle(place)], 3)),
    ...ticks.map((each) => s("text", { class: "tick", x: across(each), y: base + 15, "text-anchor": "middle" }, label(each))),
    ...(bars.length > 0 ? [s("text", { class: "tick", x: share(bars.at(-1).cumulative) + 7, y: middle(bars.length - 1) + 4 }, percent(bars.at(-1).cumulative))] : []),
    s("text", { class: "title", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, title),
    key.marks,
  );
  if (choose) {
    svg.classList.add("choosable");
    svg.addEventListener("click", (event) => {
      const bar = bars[Math.floor((pointer(svg, event).y - top) / row)];
      if (bar) choose(bar);
    });
  }
  return svg;
}

const short = (name) => (name.length > 17 ? `${name.slice(0, 16)}…` : name);

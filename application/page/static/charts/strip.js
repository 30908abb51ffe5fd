// One reading among those of the passing wafers.

import { s } from "../dom.js";
import { reading } from "../format.js";
import { path, picture, spread } from "./axes.js";

/** Densities of the passing and of the failing wafers from their quantiles, the usual range, and this wafer's value. */
export function sensorStrip({ levels, quantiles, failing = [] }, { value, usual_low: low, usual_high: high, sensor }) {
  const [width, height, base] = [340, 63, 40];
  const name = `${sensor}: ${reading(value)}; 90 % of passing wafers read ${reading(low)} to ${reading(high)}.`;
  const svg = picture({ name, width, height, kind: "strip-chart" });
  if (quantiles.some((each) => each === null)) return svg;
  const told = failing.length > 0 && failing.every((each) => each !== null);
  const inner = [quantiles[1], quantiles.at(-2), ...(told ? [failing[1], failing.at(-2)] : [])];
  const [from, to] = spread([...inner, low ?? inner[0], high ?? inner[1], value ?? inner[0]]);
  const across = (each) => 4 + ((Math.min(Math.max(each, from), to) - from) / (to - from)) * (width - 8);
  const outline = (groups) => {
    const steps = density(levels, groups, to - from).flatMap(({ left, right, tall }) => [
      [across(left), base - tall * 34],
      [across(right), base - tall * 34],
    ]);
    return `M${across(groups[0])} ${base}L${path(steps).slice(1)}L${across(groups.at(-1))} ${base}Z`;
  };
  svg.append(
    s("rect", {
      class: "usual",
      x: across(low ?? from),
      y: 2,
      width: Math.max(1, across(high ?? to) - across(low ?? from)),
      height: base - 2,
    }),
    s("path", { class: "density", d: outline(quantiles) }),
    ...(told ? [s("path", { class: "failing", d: outline(failing) })] : []),
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

/** How dense readings lie between one quantile and the next, the densest being 1; `range` is what the picture shows. */
export function density(levels, quantiles, range) {
  const steps = levels.slice(1).map((level, n) => ({
    left: quantiles[n],
    right: quantiles[n + 1],
    tall: (level - levels[n]) / Math.max(quantiles[n + 1] - quantiles[n], range / 200),
  }));
  const most = Math.max(...steps.map((each) => each.tall));
  return steps.map((each) => ({ ...each, tall: each.tall / most }));
}

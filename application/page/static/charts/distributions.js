// How several groups of wafers read one sensor, laid over each other.

import { s } from "../dom.js";
import { reading } from "../format.js";
import { frame, keyBox, legend, roundTicks, segment, WIDE } from "./axes.js";
import { density } from "./strip.js";

const HEIGHT = 205; // without the legend
const HEADROOM = 1.08;

/**
 * Densities from quantiles. `groups` have `words`, `kind` (`pass`, `fail`, `now`, `passed` or `failed`: a colour and a
 * stroke of its own), `levels` and `quantiles`; one without readings is left out. `marks` (`value`, `words`) are upright
 * lines. Each density is scaled to its own peak.
 */
export function distributionChart({ name, about, title, groups, marks = [], width = WIDE.width }) {
  const told = groups.filter(({ quantiles }) => quantiles.length > 1 && quantiles.every((each) => each !== null));
  const key = legend(told.map(({ kind, words }) => [keyBox(`density ${kind}`), words]), { ...WIDE, width });
  const size = { ...WIDE, width, height: HEIGHT + key.height, top: key.height };
  const [from, to] = range(told, marks);
  const { svg, across, up } = frame({
    name,
    about,
    size,
    kind: "chart wide",
    x: { from, to, title, ticks: roundTicks(from, to, Math.max(3, Math.round(width / 110))), label: (value) => reading(Number(value.toPrecision(5))) },
    y: { from: 0, to: HEADROOM, title: "Density", ticks: [0], label: () => "" },
  });
  const inside = (value) => Math.min(Math.max(value, from), to);
  svg.append(
    ...told.map(({ kind, levels, quantiles }) => {
      const steps = density(levels, quantiles, to - from);
      const outline = steps.map((each) => `L${at(each.left)} ${up(each.tall)}L${at(each.right)} ${up(each.tall)}`).join("");
      return s("path", { class: `density ${kind}`, d: `M${at(quantiles[0])} ${up(0)}${outline}L${at(quantiles.at(-1))} ${up(0)}Z` });
    }),
    ...marks.map(({ value }) => segment("value", [across(inside(value)), up(0)], [across(inside(value)), up(HEADROOM)])),
    ...marks.map(({ value, words }) => {
      const right = across(inside(value)) < width / 2;
      return s("text", { class: "tick strong", x: across(inside(value)) + (right ? 5 : -5), y: up(1), "text-anchor": right ? "start" : "end" }, words);
    }),
    key.marks,
  );
  return svg;

  function at(value) {
    return across(inside(value)).toFixed(1);
  }
}

/** What the picture shows: between the second lowest and the second highest level of each group, and every mark. */
function range(groups, marks) {
  const ends = groups.flatMap(({ quantiles }) => [quantiles[1], quantiles.at(-2)]).concat(marks.map(({ value }) => value));
  if (ends.length === 0) return [0, 1];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = (most - least) * 0.1 || Math.abs(most) * 0.06 || 1;
  return [least - room, most + room];
}

// Readings in the order of the wafers, between limits.

import { s } from "../dom.js";
import { reading } from "../format.js";
import { dot, frame, keyBox, keyDot, keyLine, legend, pointer, roundTicks, segment, spread, square, WIDE } from "./axes.js";

/**
 * A run chart. `points` have `at` (place on the axis), `value`, `words` for a pointer, and `flagged` and `learned` (from, by the model). `band` (`low`, `high`,
 * `words`) is the usual range, `limits` (`value`, `words`) are dashed lines, `steps` (`from`, `to`, `value`, `shifted`)
 * the medians of groups of wafers, `silent` the stretches (`from`, `to`) without a reading, `breaks` the places where
 * a file begins. `choose` is called with the point that is clicked.
 */
export function runChart({ name, about, title, points, total, band, limits = [], steps = [], silent = [], breaks = [], choose, width = WIDE.width }) {
  const key = legend(keys({ points, band, limits, steps, silent }), { ...WIDE, width });
  const size = { ...WIDE, width, top: key.height };
  const [from, to] = spread([...points, ...limits, ...steps].map((each) => each.value).concat(band ? [band.low, band.high] : []));
  const { svg, across, up } = frame({
    name,
    about,
    size,
    kind: "chart wide",
    x: { from: 0, to: Math.max(total, 1), title: "Wafers in order", ticks: roundTicks(0, total), label: (value) => value.toLocaleString("en") },
    y: { from, to, title, ticks: roundTicks(from, to), label: (value) => reading(Number(value.toPrecision(5))) },
  });
  const box = (kind, left, right, high, low) =>
    s("rect", { class: kind, x: across(left), y: up(high), width: Math.max(1.5, across(right) - across(left)), height: Math.max(1, up(low) - up(high)) });
  svg.append(
    ...(band ? [box("usual", 0, total, band.high, band.low)] : []),
    ...silent.map((each) => box("silent", each.from, each.to, to, from)),
    ...breaks.map((at) => segment("break-line", [across(at), up(from)], [across(at), up(to)])),
    ...limits.map((each) => segment("limit", [across(0), up(each.value)], [across(total), up(each.value)])),
    ...steps.map((each) => segment(each.shifted ? "step shifted" : "step", [across(each.from), up(each.value)], [across(each.to), up(each.value)])),
    ...points.map((each) => (each.flagged ? square("flagged", place(each), 3) : dot(kindOf(each), place(each), 2, each.words))),
    key.marks,
  );
  if (choose) {
    svg.classList.add("choosable");
    svg.addEventListener("click", (event) => chosen(pointer(svg, event), points, place, choose));
  }
  return svg;

  function place({ at, value }) {
    return [across(at + 0.5), up(value)];
  }
}

const kindOf = (each) => (each.learned ? "reading learned" : "reading");

function keys({ points, band, limits, steps, silent }) {
  return [
    points.some((each) => !each.learned) && [keyDot("reading"), "reading"],
    points.some((each) => each.learned) && [keyDot("reading learned"), "the model learned from it"],
    points.some((each) => each.flagged) && [(x, y) => square("flagged", [x, y], 3), "flagged"],
    band && [keyBox("usual"), band.words],
    limits.length > 0 && [keyLine("limit"), limits[0].words],
    steps.length > 0 && [keyLine("step"), "median"],
    steps.some((each) => each.shifted) && [keyLine("step shifted"), "shifted"],
    silent.length > 0 && [keyBox("silent"), "silent"],
  ].filter(Boolean);
}

/** Call `choose` with the point nearest to a click, if one is near. */
function chosen(at, points, place, choose) {
  const away = (each) => Math.hypot(place(each)[0] - at.x, place(each)[1] - at.y);
  const nearest = points.reduce((best, each) => (!best || away(each) < away(best) ? each : best), null);
  if (nearest && away(nearest) < 12) choose(nearest);
}

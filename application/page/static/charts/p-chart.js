// Shares of groups of different sizes, each between the control limits of its own size.

import { s } from "../dom.js";
import { dot, frame, keyDot, keyLine, legend, path, pointer, segment, shareLabel, square, topShare, WIDE } from "./axes.js";

const NAME = 132; // pixels of the name of a group below the axis
const EXCURSION = 4.5; // half a side of its square
const KEYS = [
  [keyDot("dot"), "in control"],
  [(x, y) => square("flagged", [x, y], EXCURSION), "excursion"],
  [keyLine("limit"), "control limits"],
  [keyLine("centre"), "centre"],
];

/**
 * A p-chart. `groups`, in order, have `label`, `rate`, `low` and `high` (limits for their size), `excursion` and `words`
 * for a pointer; a group without a rate leaves a gap. `centre` is the share that the limits stand around. `choose` is
 * called with the group that is clicked.
 */
export function pChart({ name, about, title, groups, centre, choose, width = WIDE.width }) {
  const key = legend(KEYS, { ...WIDE, width });
  const size = { ...WIDE, width, top: key.height };
  const told = groups.map((each, at) => ({ ...each, at })).filter((each) => each.rate !== null && each.rate !== undefined);
  const to = topShare(Math.max(centre, 0.01, ...told.flatMap((each) => [each.rate, each.high ?? 0])));
  const { svg, across, up } = frame({
    name,
    about,
    size,
    kind: "chart wide",
    x: { from: 0, to: Math.max(groups.length, 1), title: "", ticks: named(groups, width), label: (at) => short(groups[Math.floor(at)].label) },
    y: { from: 0, to, title, label: (value) => shareLabel(value, to) },
  });
  const place = ({ at, rate }) => [across(at + 0.5), up(rate)];
  svg.append(
    segment("centre", [across(0), up(centre)], [across(groups.length), up(centre)]),
    ...["low", "high"].map((side) => s("path", { class: "limit", d: staircase(told, side, across, up) })),
    s("path", { class: "line thin", d: path(told.map(place)) }),
    ...told.map((each) => (each.excursion ? square("flagged", place(each), EXCURSION) : dot("dot", place(each), 3.5, each.words))),
    key.marks,
  );
  if (choose) {
    svg.classList.add("choosable");
    svg.addEventListener("click", (event) => {
      const group = groups[Math.floor((pointer(svg, event).x - across(0)) / (across(1) - across(0)))];
      if (group) choose(group);
    });
  }
  return svg;
}

/** Each group's own limit, over its own width. */
const staircase = (told, side, across, up) =>
  told
    .filter((each) => each[side] !== null && each[side] !== undefined)
    .map((each) => `M${across(each.at).toFixed(1)} ${up(each[side]).toFixed(1)}H${across(each.at + 1).toFixed(1)}`)
    .join("");

/** Which groups are named below the axis, so that no name lies on another. */
function named(groups, width) {
  const step = Math.max(1, Math.ceil((groups.length * NAME) / (width - WIDE.left - WIDE.right)));
  return groups.map((_, at) => at + 0.5).filter((_, at) => at % step === 0);
}

/** The end of a long name: names of files begin alike. */
const short = (label) => {
  const name = label.replace(/\.[a-z]+$/, "");
  return name.length > 17 ? `…${name.slice(-16)}` : name;
};

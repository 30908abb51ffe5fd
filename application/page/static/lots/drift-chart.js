// The share of sensors that read differently, prediction by prediction.

import { dot, frame, keyDot, legend, line, pointer, square, topShare, WIDE } from "../charts/axes.js";
import { moment, percent } from "../format.js";

const NAME = 110; // pixels of a time below the axis
const KEYS = [
  [keyDot("dot"), "a prediction"],
  [(x, y) => square("flagged", [x, y], 4.5), "with a warning or note"],
];

/** `choose` is called with the run that is clicked. */
export function driftChart({ name, runs, width, choose }) {
  const key = legend(KEYS, { ...WIDE, width });
  const to = topShare(Math.max(0.01, ...runs.map((run) => run.share ?? 0)));
  const step = Math.max(1, Math.ceil((runs.length * NAME) / (width - WIDE.left - WIDE.right)));
  const { svg, across, up } = frame({
    name,
    size: { ...WIDE, width, top: key.height },
    kind: "chart wide choosable",
    x: {
      from: 0,
      to: runs.length,
      title: "",
      ticks: runs.map((_, at) => at + 0.5).filter((_, at) => at % step === 0),
      label: (at) => moment(runs[Math.floor(at)].ended),
    },
    y: { from: 0, to, title: "% of sensors" },
  });
  const told = runs.map((run, at) => ({ run, place: [across(at + 0.5), up(run.share ?? 0)] }));
  const words = ({ run_id: id, share }) => `${id}: ${percent(share, 1)}`;
  svg.append(
    line("line thin", told.map((each) => each.place)),
    ...told.map(({ run, place }) => (run.warnings.length > 0 ? square("flagged", place, 4.5) : dot("dot", place, 3.5, words(run)))),
    key.marks,
  );
  svg.addEventListener("click", (event) => {
    const run = runs[Math.floor((pointer(svg, event).x - across(0)) / (across(1) - across(0)))];
    if (run) choose(run);
  });
  return svg;
}

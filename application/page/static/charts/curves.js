// Curves of one model: ROC, precision and recall, calibration.

import { s } from "../dom.js";
import { percent } from "../format.js";
import { dot, frame, line, path, topShare } from "./axes.js";

const share = (title) => ({ from: 0, to: 1, title });

/** Recall over false alarms, with chance as the diagonal and the model's own budget marked. */
export function rocChart({ curve, false_alarm_budget: budget }, auc) {
  const name = `ROC curve, area ${auc.toFixed(3)}. At ${percent(budget)} false alarms the model finds ${percent(at(curve, budget)?.recall)} of failing wafers.`;
  const { svg, across, up } = frame({
    name,
    about: "A model that guesses runs along the dashed diagonal.",
    x: share("False alarms, % of good wafers"),
    y: share("Failing wafers found, %"),
  });
  const found = curve.map((each) => [across(each.false_alarm_rate), up(each.recall)]);
  const chance = [[across(0), up(0)], [across(1), up(1)]];
  const mark = at(curve, budget);
  svg.append(
    s("path", { class: "area", d: `${path(found)}L${across(1)} ${up(0)}L${across(0)} ${up(0)}Z` }), // below the diagonal
    line("chance", chance),
    s("text", { class: "tick", x: across(0.62), y: up(0.53), "text-anchor": "start" }, "chance"),
    line("line", found),
  );
  if (mark) svg.append(dot("mark", [across(mark.false_alarm_rate), up(mark.recall)], 4.5));
  return svg;
}

/** Precision over recall, with the failure rate as what chance reaches. */
export function precisionChart({ curve, failures, wafers, false_alarm_budget: budget }, area) {
  const base = failures / wafers;
  const points = curve.filter((each) => each.precision !== null);
  const mark = at(points, budget);
  const { svg, across, up } = frame({
    name: `Precision over recall, area ${area.toFixed(3)}; chance reaches ${percent(base, 1)}.`,
    x: share("Failing wafers found, %"),
    y: share("Flagged wafers that fail, %"),
  });
  svg.append(
    line("chance", [[across(0), up(base)], [across(1), up(base)]]),
    line("line", points.map((each) => [across(each.recall), up(each.precision)])),
  );
  if (mark) svg.append(dot("mark", [across(mark.recall), up(mark.precision)], 4.5));
  return svg;
}

/** Observed over predicted failure rate, one point a group of equal size. */
export function calibrationChart({ calibration }) {
  const to = topShare(Math.max(...calibration.flatMap((bin) => [bin.predicted, bin.observed]), 0.01));
  const last = calibration.at(-1);
  const { svg, across, up } = frame({
    name: `Calibration in ${calibration.length} groups: in the most suspicious group ${percent(last?.observed, 1)} failed and ${percent(last?.predicted, 1)} were predicted.`,
    x: { from: 0, to, title: "Predicted to fail, %" },
    y: { from: 0, to, title: "Failed, %" },
  });
  const points = calibration.map((bin) => [across(bin.predicted), up(bin.observed)]);
  svg.append(
    line("chance", [[across(0), up(0)], [across(to), up(to)]]),
    line("line", points),
    ...points.map((each) => dot("dot", each)),
  );
  return svg;
}

/** The loosest point of a curve within a budget. */
const at = (curve, budget) => curve.filter((each) => each.false_alarm_rate <= budget + 1e-9).at(-1);

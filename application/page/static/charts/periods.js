// A model over time: later files, and periods against what was promised.

import { s } from "../dom.js";
import { percent } from "../format.js";
import { dot, frame, line, segment, SMALL, square, topShare } from "./axes.js";

/** AUC and false alarms of later files, by both rules for the threshold, in the order of time. */
export function forwardChart({ files }, budget) {
  const rate = (rule) => (each) => each[rule].false_alarm_rate?.value ?? null;
  const { svg, across, up } = frame({
    name: `${files.length} files in the order of time, ${files[0].name} to ${files.at(-1).name}: AUC, and false alarms against the budget of ${percent(budget)}.`,
    x: { from: 0, to: files.length, title: "Tested files, the earliest first", ticks: [] },
    y: { from: 0, to: 1, title: "AUC; false alarms, %" },
  });
  const points = (value) =>
    files
      .map((each, number) => [number, value(each)])
      .filter(([, found]) => found !== null)
      .map(([number, found]) => [across(number + 0.5), up(found)]);
  const [fixed, recent, auc] = [points(rate("fixed")), points(rate("recent")), points((each) => each.auc)];
  svg.append(
    line("chance", [[across(0), up(budget)], [across(files.length), up(budget)]]),
    line("line second", recent),
    line("line", fixed),
    ...fixed.map((each) => dot("dot", each)),
    ...auc.map((each) => square("square", each)),
  );
  return svg;
}

/** False alarms of each period with their interval, and the budget that was promised; `size` of the picture. */
export function promiseChart({ periods, total }, size = SMALL) {
  const told = periods.filter((each) => each.false_alarm_rate);
  const to = topShare(Math.max(...told.map((each) => Math.max(each.false_alarm_rate.high, each.budget)), 0.01));
  const { svg, across, up } = frame({
    size,
    kind: size === SMALL ? "chart" : "chart wide",
    name: `False alarms in ${told.length} periods, ${percent(total.false_alarm_rate?.value, 1)} in all; ${percent(total.budget, 1)} were promised: ${total.statement}.`,
    x: { from: 0, to: Math.max(told.length, 1), title: "% of good wafers; dashed: promised", ticks: [] },
    y: { from: 0, to, title: "" },
  });
  told.forEach((each, place) => {
    const x = across(place + 0.5);
    const rate = each.false_alarm_rate;
    svg.append(
      segment("chance", [across(place), up(each.budget)], [across(place + 1), up(each.budget)]),
      segment("line", [x, up(rate.low)], [x, up(rate.high)]),
      dot("dot", [x, up(rate.value)]),
    );
    if (place > 0 && place < told.length - 1) return;
    svg.append(s("text", { class: "tick", x: Math.min(Math.max(x, each.period.length * 3), size.width - each.period.length * 3), y: size.height - size.bottom + 16, "text-anchor": "middle" }, each.period));
  });
  return svg;
}

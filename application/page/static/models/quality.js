// Figures, curves and clusters of a version, measured out of fold.

import { calibrationChart, precisionChart, rocChart } from "../charts/curves.js";
import { h, table } from "../dom.js";
import { count, fixed, many, percent } from "../format.js";

const FIGURES = {
  auc: ["AUC", "probability that a failing wafer scores higher than a passing one"],
  pr_auc: ["PR AUC", "precision averaged over recall"],
  recall_at_10: ["Recall at 10 %", "share of failing wafers found when 10 % of good wafers may be flagged"],
  ber: ["Balanced error rate", "mean of missed failures and false alarms at the threshold in use; lower is better"],
  brier_skill: ["Brier skill", "improvement of the probabilities over always predicting the failure rate"],
};

export function figures(curves) {
  const tiles = curves.figures.map(({ name, value, low, high, chance }) => {
    const [title, meaning] = FIGURES[name] ?? [name, ""];
    return h(
      "div",
      { title: meaning },
      h("dt", {}, title),
      h("dd", {}, fixed(value)),
      h(
        "dd",
        { class: "small" },
        low === null ? `chance ${fixed(chance)}` : `${fixed(low)} to ${fixed(high)} · chance ${fixed(chance)}`,
      ),
    );
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "figures-title" },
    h("h3", { id: "figures-title" }, "With wafers held out at random"),
    h("dl", { class: "tiles figures" }, tiles),
    h(
      "p",
      { class: "small" },
      `Measured out of fold on ${many(curves.wafers, "wafer")} (${count(curves.failures)} failing). Intervals cover 90 % of bootstrap resamples. The threshold for a false-alarm budget of ${percent(curves.false_alarm_budget)} is ${fixed(curves.threshold)}.`,
    ),
  );
}

export function pictures(curves) {
  const value = (name) => curves.figures.find((each) => each.name === name)?.value ?? 0;
  const picture = (title, chart) => h("figure", { class: "card" }, h("figcaption", {}, title), chart);
  return h(
    "div",
    { class: "pictures" },
    picture("ROC", rocChart(curves, value("auc"))),
    picture("Precision and recall", precisionChart(curves, value("pr_auc"))),
    picture("Calibration", calibrationChart(curves)),
    h(
      "p",
      { class: "small legend" },
      h("i", { class: "key-mark" }),
      " at the model's false-alarm budget ",
      h("i", { class: "key-chance" }),
      " chance, or perfect calibration",
    ),
  );
}

export function clusters(curves) {
  const families = Object.keys(curves.families);
  const columns = [
    ["Cluster", ""],
    ["Wafers", "number"],
    ["Failing", "number"],
    ["Model family", ""],
    ...families.map((family) => [`AUC ${curves.families[family]}`, "number"]),
  ];
  const rows = curves.clusters.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, String(each.cluster)),
      h("td", { class: "number" }, count(each.wafers)),
      h("td", { class: "number" }, `${count(each.failures)} (${percent(each.failures / each.wafers, 1)})`),
      h("td", {}, curves.families[each.family]),
      families.map((family) =>
        h("td", { class: each.family === family ? "number best" : "number" }, fixed(each.auc[family])),
      ),
    ),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "clusters-title" },
    h("h3", { id: "clusters-title" }, "Clusters"),
    table("Clusters and their models", columns, rows),
  );
}

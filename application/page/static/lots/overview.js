// All lots: the p-chart, and the list.

import { hashOf, remember } from "../address.js";
import { overTime } from "../charts/figure.js";
import { pChart } from "../charts/p-chart.js";
import { h } from "../dom.js";
import { count, many, percent, plural } from "../format.js";
import { listTable } from "../table.js";
import { judged, nameOf, nounOf, titled, wayOf } from "./names.js";
import { limits, signalBadges, signalWords, standsOut } from "./signals.js";
import { stamp } from "./stamp.js";

const RATES = { flagged: "Flagged wafers", inspected: "Wafers to inspect", failed: "Failing wafers, of those with an outcome" };
const SIGNAL = { key: "signal", title: "Signal", value: (lot) => signalWords(lot.chart.signals), cell: (lot) => signalBadges(lot.chart.signals) };

export function overview(page, state, csv) {
  const open = (lot) => hashOf("lots", page.by, { ...state, lot: lot.lot, sort: "", q: "", page: "" });
  return [chart(page, (lot) => (location.hash = open(lot))), list(page, state, open, csv)];
}

function chart(page, choose) {
  const charted = page.lots.filter((lot) => lot.chart.rate !== null);
  const title = `${RATES[page.measure]} by ${wayOf(page.by)}`;
  if (charted.length === 0)
    return h("section", { class: "card", "aria-label": title }, h("h2", {}, title), h("p", { class: "small" }, none(page.measure)));
  const out = page.lots.filter(standsOut);
  const name = `${title}: ${many(charted.length, nounOf(page.by))}, ${percent(page.centre, 1)} in all; ${out.length === 0 ? "none stands out" : `${out.map((lot) => nameOf(lot.lot)).slice(0, 5).join(", ")} ${out.length === 1 ? "stands" : "stand"} out`}.`;
  const draw = (width) =>
    pChart({
      name,
      about: `Each ${nounOf(page.by)} stands between the limits of its own size, which chance alone leaves once in 740 times on either side.`,
      title: "%",
      centre: page.centre,
      width,
      choose: (group) => choose(group.lot),
      groups: page.lots.map((lot) => ({
        lot,
        label: nameOf(lot.lot),
        ...lot.chart,
        excursion: standsOut(lot),
        words: `${nameOf(lot.lot)}: ${percent(lot.chart.rate, 1)} of ${many(lot.wafers, "wafer")} ${signalWords(lot.chart.signals)}`,
      })),
    });
  return overTime({
    title,
    words: told(page, out),
    name: `lots-by-${page.by}-${page.measure}`,
    draw,
    columns: ["lot", "first", "wafers", "rate", "low", "high", "signals"],
    rows: page.lots.map((lot) => [nameOf(lot.lot), lot.first, lot.wafers, lot.chart.rate, lot.chart.low, lot.chart.high, lot.chart.signals.join(" ")]),
  });
}

const none = (measure) =>
  measure === "failed"
    ? "No outcome of these wafers is known yet. Send outcomes on Runs."
    : "The model learned from all of these wafers, so that its verdicts say nothing new.";

function told(page, out) {
  const noun = nounOf(page.by);
  return `${percent(page.centre, 1)} in all, which is the centre line. ${
    out.length === 0 ? `No ${noun} stands out` : `${many(out.length, noun)} ${out.length === 1 ? "stands" : "stand"} out`
  } by more than chance. Each wafer counts once, by its latest prediction; wafers that the model learned from do not count.${
    page.complete ? "" : " These are very many wafers, so that the oldest predictions were left out."
  }${page.left_out > 0 ? ` ${many(page.left_out, `older ${noun}`)} are not shown.` : ""} Click a ${noun} for its wafers.`;
}

function list(page, state, open, csv) {
  const columns = [
    {
      key: "lot",
      title: titled(wayOf(page.by)),
      value: (lot) => nameOf(lot.lot),
      cell: (lot) => h("a", { href: open(lot), "data-key": `lot ${lot.lot}` }, nameOf(lot.lot)),
    },
    page.lots.some((lot) => lot.chart.signals.length > 0) && SIGNAL,
    { key: "first", title: page.by === "file" ? "Written" : "First batch", value: (lot) => lot.first, cell: (lot) => stamp(lot.first), kind: "optional" },
    { key: "wafers", title: "Wafers", kind: "number", value: (lot) => lot.wafers, cell: wafers },
    { key: "flagged", title: "Flagged", kind: "number", value: (lot) => judged(lot, lot.flagged) },
    { key: "rate", title: "Flag rate", kind: "number", value: (lot) => lot.flag_rate, cell: (lot) => percent(lot.flag_rate, 1) },
    { key: "inspected", title: "Inspect", kind: "number", value: (lot) => judged(lot, lot.inspected) },
    { key: "yield", title: "Yield", kind: "number", value: (lot) => lot.yield, cell: yieldOf },
    { key: "limits", title: "Limits", kind: "number optional", fixed: true, value: (lot) => limits(lot.chart), cell: (lot) => limits(lot.chart) },
  ].filter(Boolean);
  const listed = listTable({
    label: titled(plural(nounOf(page.by))),
    noun: nounOf(page.by),
    columns,
    rows: [...page.lots].reverse(),
    state,
    changed: remember,
    tools: h("a", { class: "button", href: csv, download: true }, "Download CSV"),
  });
  return h("section", { class: "card flush", "aria-label": `List of ${plural(nounOf(page.by))}` }, listed.element);
}

const wafers = (lot) => [count(lot.wafers), lot.learned > 0 && h("span", { class: "small" }, ` (${count(lot.learned)} learned from)`)];

const yieldOf = (lot) =>
  lot.yield === null ? "–" : [percent(lot.yield, 1), lot.known < lot.wafers && h("span", { class: "small" }, ` of ${count(lot.known)}`)];

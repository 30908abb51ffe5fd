// All sensors that the model uses, by how far they moved.

import { hashOf, remember } from "../address.js";
import { h } from "../dom.js";
import { count, many, percent } from "../format.js";
import { listTable } from "../table.js";

export function screening(found, run, state) {
  const listed = listTable({
    label: "Sensors by shift",
    noun: "sensor",
    columns: columnsFor(run),
    rows: found.sensors,
    state,
    changed: (changes) => remember({ run, ...changes }),
    key: (each) => each.sensor,
    className: "screening",
    tools: h("h2", {}, "Screening"),
  });
  const moved = found.sensors.filter((each) => each.moved).length;
  return h(
    "section",
    { class: "card flush", "aria-label": "Screening" },
    listed.element,
    h(
      "div",
      { class: "pad small" },
      found.warnings.map((each) => h("p", {}, each)),
      h(
        "p",
        {},
        `${many(moved, "sensor")} of the ${count(found.sensors.length)} that the model uses moved. Index: population stability index against the passing training wafers; a sensor that moved is above 0.25 by more than chance. Median at: share of these at or below this prediction's median; 50 % is as in training. `,
        h("a", { href: `/runs/${encodeURIComponent(run)}/sensors.csv`, download: true }, "Save CSV"),
      ),
    ),
  );
}

const columnsFor = (run) => [
  {
    key: "sensor",
    title: "Sensor",
    value: (each) => each.sensor,
    cell: (each) => h("a", { href: hashOf("sensors", each.sensor, { run }), "data-key": `sensor ${each.sensor}` }, each.sensor),
  },
  { key: "what", title: "Finding", value: finding, cell: badge },
  { key: "index", title: "Index", kind: "number", value: (each) => each.stability, cell: (each) => figure(each.stability, 2) },
  { key: "median", title: "Median at", kind: "number", value: (each) => each.level, cell: (each) => percent(each.level) },
  { key: "shift", title: "Shift", kind: "number optional", value: shift, cell: (each) => signedPoints(each) },
  { key: "silent", title: "Silent", kind: "number", value: (each) => each.silent_now, cell: (each) => percent(each.silent_now) },
  { key: "before", title: "Silent in training", kind: "number optional", value: (each) => each.silent_in_training, cell: (each) => percent(each.silent_in_training) },
  { key: "flagged", title: "Flags", kind: "number", value: (each) => each.flagged },
];

const finding = (each) => (each.newly_silent ? "newly silent" : each.moved ? "moved" : each.outside);

function badge(each) {
  const words = finding(each);
  if (!words) return "–";
  return each.newly_silent || each.moved ? h("span", { class: "verdict inspect" }, words) : h("span", { class: "small" }, words);
}

/** How far the median went from that of training, in either direction. */
const shift = ({ level }) => (level === null ? null : Math.abs(level - 0.5));

function signedPoints({ level }) {
  if (level === null) return "–";
  const points = Math.round((level - 0.5) * 100);
  return `${points < 0 ? "−" : points > 0 ? "+" : ""}${Math.abs(points)} points`;
}

const figure = (value, digits) => (value === null ? "–" : value.toFixed(digits));

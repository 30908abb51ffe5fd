// The drift of one prediction, lot by lot: read when it is opened, because it takes the readings of all its wafers.

import { hashOf } from "../address.js";
import * as api from "../api.js";
import { failure, h, loading, put, table } from "../dom.js";
import { count, percent } from "../format.js";
import { nameOf, nounOf, titled } from "./names.js";

const NAMED = 4; // sensors of a lot in the table
const columns = (noun) => [
  [titled(noun), ""],
  ["Wafers", "number"],
  ["Outside", "number"],
  ["Sensors", "words"],
];

export function driftByLot(run) {
  const place = h("div", {});
  const open = (event) => event.target.open && place.childElementCount === 0 && show(run, place);
  return h("details", { on: { toggle: open } }, h("summary", {}, "Lot by lot"), place);
}

async function show(run, place) {
  put(place, loading("its readings"));
  try {
    const by = (await api.get(`/lots?run=${encodeURIComponent(run.run_id)}`)).by;
    const found = await api.get(`/drift/lots?${new URLSearchParams({ run: run.run_id, by })}`);
    put(place, table(`Drift by ${nounOf(by)}`, columns(nounOf(by)), found.lots.map((lot) => line(run, by, lot)), "short"));
  } catch (problem) {
    put(place, problem.status === 404 ? h("p", { class: "small" }, problem.detail) : failure(problem, () => show(run, place)));
  }
}

const line = (run, by, lot) =>
  h(
    "tr",
    {},
    h("td", {}, h("a", { href: hashOf("lots", by, { run: run.run_id, lot: lot.lot }) }, nameOf(lot.lot))),
    h("td", { class: "number" }, count(lot.wafers)),
    h("td", { class: "number" }, `${count(lot.outside.length)} (${percent(lot.share, 1)})`),
    h("td", { class: "words" }, named(run, lot.outside)),
  );

const named = (run, sensors) => [
  sensors.slice(0, NAMED).map((name) => [h("a", { href: hashOf("sensors", name, { run: run.run_id }) }, name), " "]),
  sensors.length > NAMED && `and ${count(sensors.length - NAMED)} more`,
];

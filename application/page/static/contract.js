// Which contract the page is about, where an installation has several: chosen in the header, for every screen.

import * as api from "./api.js";
import { h } from "./dom.js";

const KEPT = "contract"; // of the tab, so that two tabs can show two lines
let names = [];
let chosen = "";

/** Ask which contracts there are; nothing changes where the service does not say. */
export async function lookForContracts() {
  const found = await api.get("/contracts").catch(() => null);
  if (!found) return;
  names = found.contracts.map((each) => each.name);
  const before = sessionStorage.getItem(KEPT);
  chosen = names.length < 2 ? "" : names.includes(before) ? before : found.default;
}

/** Name of the contract; empty where there is only one. */
export const contract = () => chosen;

/** A path of the interface, about the chosen contract. */
export function within(path) {
  return chosen ? `${path}${path.includes("?") ? "&" : "?"}contract=${encodeURIComponent(chosen)}` : path;
}

/** Turn to the contract of a run that somebody opens. */
export function follow(run) {
  const select = document.getElementById("contract");
  if (!select || run.contract === chosen || !names.includes(run.contract)) return;
  keep(run.contract);
  select.value = run.contract;
}

/** The choice; nothing where there is none. `turned` is called when another one is made. */
export function contractChoice(turned) {
  if (names.length < 2) return null;
  const select = h(
    "select",
    { id: "contract", "aria-label": "Contract", on: { change: () => (keep(select.value), turned()) } },
    names.map((name) => h("option", { value: name, selected: name === chosen }, name)),
  );
  return h("div", { class: "contract" }, h("span", { "aria-hidden": "true" }, "Contract"), select);
}

function keep(name) {
  chosen = name;
  sessionStorage.setItem(KEPT, name);
}

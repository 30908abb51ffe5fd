// The wafers beside one in its file, in the order of their numbers.

import { h } from "./dom.js";
import { fixed, many } from "./format.js";
import { verdictAt } from "./ranking.js";

const AROUND = 6; // wafers on either side
const ORDER = new Intl.Collator(undefined, { numeric: true });

/** A strip of the neighbours with their verdicts at a threshold; `go` shows one of them. */
export function neighbours(wafers, wafer, cut, go) {
  const batch = wafers.filter((each) => each.file === wafer.file).sort((a, b) => ORDER.compare(a.wafer, b.wafer));
  const at = batch.indexOf(wafer);
  const first = Math.max(0, at - AROUND);
  const shown = batch.slice(first, at + AROUND + 1);
  const flagged = batch.filter((each) => verdictAt(each, cut) !== "pass").length;
  return [
    h("h3", {}, "In its batch"),
    h("ol", { class: "neighbours", start: String(first + 1) }, shown.map((each) => cell(each, wafer, cut, go))),
    h("p", { class: "small" }, `By number, ${at + 1} of ${many(batch.length, "wafer")}; ${flagged} of them to review.`),
  ];
}

function cell(each, wafer, cut, go) {
  const verdict = verdictAt(each, cut);
  const words = `${each.wafer}: ${verdict}, probability ${fixed(each.probability)}`;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `neighbour ${verdict}`,
        title: words,
        "aria-label": words,
        "aria-current": each === wafer ? "true" : null,
        "data-key": `beside ${each.wafer}`,
        on: { click: () => go(each) },
      },
      { fail: "F", inspect: "I", pass: "·" }[verdict],
    ),
  );
}

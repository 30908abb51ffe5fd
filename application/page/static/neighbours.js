// The neighbours of a wafer in its file, in the order of their numbers.

import { h } from "./dom.js";
import { fixed, many } from "./format.js";

/** A strip of the neighbours with their verdicts, as the server tells them; `go(name)` shows one of them. */
export function neighbours({ prediction, number, wafers, to_review: review, around }, go) {
  const first = number - around.findIndex((each) => each.wafer === prediction.wafer);
  return [
    h("h3", {}, "In its batch"),
    h("ol", { class: "neighbours", start: String(first) }, around.map((each) => cell(each, prediction.wafer, go))),
    h("p", { class: "small" }, `By number, ${number} of ${many(wafers, "wafer")}; ${review} of them to review.`),
  ];
}

function cell({ wafer, verdict, probability }, shown, go) {
  const words = `${wafer}: ${verdict}, probability ${fixed(probability)}`;
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
        "aria-current": wafer === shown ? "true" : null,
        "data-key": `near ${wafer}`,
        on: { click: () => go(wafer) },
      },
      { fail: "F", inspect: "I", pass: "·" }[verdict],
    ),
  );
}

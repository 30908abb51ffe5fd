// The pages of a long list.

import { h } from "./dom.js";
import { count } from "./format.js";

/** Previous, where one is, next; `turn(page)` shows another. */
export function pages(at, last, turn) {
  const button = (words, to, name) =>
    h(
      "button",
      { type: "button", class: "quiet", "data-key": name, disabled: to < 1 || to > last, on: { click: () => turn(to) } },
      words,
    );
  return [
    button("‹ Previous", at - 1, "previous"),
    h("span", { class: "small" }, `${count(at)} of ${count(last)}`),
    button("Next ›", at + 1, "next"),
  ];
}

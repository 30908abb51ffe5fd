// What the parts of the screen Schedules share.

import { h } from "../dom.js";

export const button = (words, key, click, kind = "", label = null) =>
  h("button", { type: "button", class: kind, "data-key": key, "aria-label": label, on: { click } }, words);

export const field = (words, input) => h("div", { class: "field" }, h("label", { for: input.id }, words), input);

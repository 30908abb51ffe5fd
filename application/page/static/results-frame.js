// What the screens over the wafers of predictions have in common: a bar with their choices, and the body below it.

import { h } from "./dom.js";

export const resultsFrame = (bar, body) => h("div", { class: "results" }, h("div", { class: "bar-top" }, ...bar), body);

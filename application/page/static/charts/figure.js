// A chart with its title, its words, its data as a table, and buttons that save both.

import { h, put, table } from "../dom.js";
import { saveCsv, savePng } from "./save.js";

const SHOWN = 200; // rows of the table; the CSV has all

/** A figure in a card of its own. */
export const overTime = (given) =>
  h("section", { class: "card", "aria-label": given.title }, h("h2", { class: "unseen" }, "Over time"), figure(given));

/**
 * A figure. `draw(width)` makes the SVG, again whenever the place for it gets another width, so that its texts keep their
 * size; `columns` (names) and `rows` (values) are the data; `name` is what saved files are called.
 */
export function figure({ title, words, name, draw, columns = [], rows = [] }) {
  const place = h("div", { class: "drawing" });
  let drawn = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.round(contentRect.width);
    if (width === 0 || Math.abs(width - drawn) < 2) return;
    drawn = width;
    put(place, draw(width));
  }).observe(place);
  return h(
    "figure",
    { class: "figure" },
    h(
      "figcaption",
      { class: "heading" },
      h("h3", {}, title),
      h(
        "div",
        { class: "actions" },
        button("Save PNG", title, () => savePng(place.querySelector("svg"), name, title)),
        rows.length > 0 && button("Save CSV", title, () => saveCsv(name, columns, rows)),
      ),
    ),
    place,
    words && h("p", { class: "small" }, words),
    rows.length > 0 && asTable(title, columns, rows),
  );
}

const button = (verb, title, click) =>
  h("button", { type: "button", class: "quiet", "aria-label": `${verb}: ${title}`, on: { click } }, verb);

/** The data for those who do not see the chart, made when it is opened. */
function asTable(title, columns, rows) {
  const place = h("div", {});
  const numeric = columns.map((_, at) => typeof rows[0][at] === "number");
  const open = (event) =>
    event.target.open &&
    put(
      place,
      table(title, columns.map((each, at) => [each, numeric[at] ? "number" : ""]), rows.slice(0, SHOWN).map((row) => h("tr", {}, row.map((each, at) => h("td", { class: numeric[at] ? "number" : "" }, each === null ? "–" : String(each)))))),
      rows.length > SHOWN && h("p", { class: "small" }, `The first ${SHOWN} of ${rows.length.toLocaleString("en")} rows; the CSV has all.`),
    );
  return h("details", { class: "as-table", on: { toggle: open } }, h("summary", {}, "As a table"), place);
}

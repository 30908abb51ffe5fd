// What a run read: good and refused files, quarantined rows, with reasons.

import { h, table } from "../dom.js";
import { count, many } from "../format.js";

const SHOWN_ROWS = 200;
const SHOWN_NAMES = 5; // of files that were refused for the same reasons

export function manifestCards(run, manifest) {
  const total = manifest.totals ?? {};
  const bad = manifest.files.filter((each) => each.verdict === "bad");
  const warned = manifest.files.filter((each) => each.verdict !== "bad" && each.warnings?.length > 0);
  const links = new Map(run.refused.map((each) => [each.name, each.href]));
  return [
    h(
      "section",
      { class: "card", "aria-labelledby": "came-title" },
      h("h3", { id: "came-title" }, "Input data"),
      h(
        "dl",
        { class: "tiles" },
        tile("Good files", `${count(total.files_good)} of ${count(total.files)}`),
        tile("Refused files", count(total.files_bad), total.files_bad > 0 && "bad"),
        tile("Good rows", `${count(total.rows_good)} of ${count(total.rows_in)}`),
        tile("Quarantined rows", count(total.rows_quarantined), total.rows_quarantined > 0 && "bad"),
      ),
      bad.length > 0 && total.rows_quarantined > 0 && h("p", { class: "small" }, `${count(inRefused(bad))} of the quarantined rows are those of refused files.`),
      bad.length > 0 && [h("h4", {}, "Refused files"), refusedFiles(bad, links)],
      manifest.rows.length > 0 && [h("h4", {}, "Quarantined rows one by one"), quarantined(manifest.rows)],
      bad.length === 0 && manifest.rows.length === 0 && h("p", { class: "small" }, "No file was refused and no row was quarantined."),
      warned.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, `${many(warned.length, "file")} with warnings`),
          h(
            "ul",
            { class: "plain" },
            warned.map((each) =>
              h(
                "li",
                {},
                h("code", {}, each.name),
                " ",
                each.warnings.map((words) => words.replaceAll("`", "")).join(" "),
              ),
            ),
          ),
        ),
    ),
  ];
}

const tile = (name, value, kind) => h("div", { class: kind || null }, h("dt", {}, name), h("dd", {}, value));

const inRefused = (bad) => bad.reduce((sum, each) => sum + (each.rows_quarantined ?? 0), 0);

const plain = (file) => (file.messages ?? []).map((words) => words.replaceAll("`", "")).join(" ");

const folded = (names) => h("details", {}, h("summary", {}, "Names"), names);

/** Files that were refused for the same reasons, together. */
function alike(files) {
  const groups = new Map();
  for (const each of files) {
    const key = [each.codes, plain(each)].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

function refusedFiles(bad, links) {
  const columns = [
    ["File", "wide-cell"],
    ["Code", ""],
    ["What to do", "words"],
    ["Rows", "number"],
  ];
  const link = ({ name }) => h("div", {}, links.has(name) ? h("a", { href: links.get(name), download: true }, name) : name);
  const rows = alike(bad).map((group) =>
    h(
      "tr",
      {},
      h("td", { class: "wide-cell" }, group.length > SHOWN_NAMES ? [many(group.length, "file"), folded(group.map(link))] : group.map(link)),
      h(
        "td",
        {},
        group[0].codes.map((code) => h("code", { class: "chip" }, code)),
      ),
      h("td", { class: "words" }, plain(group[0])),
      h("td", { class: "number" }, count(group.reduce((sum, each) => sum + (each.rows_in ?? 0), 0))),
    ),
  );
  return table("Refused files", columns, rows, "short");
}

function quarantined(rows) {
  const columns = [
    ["File", ""],
    ["Line", "number"],
    ["Wafer", ""],
    ["Code", ""],
    ["Reason", "words"],
  ];
  const shown = rows
    .slice(0, SHOWN_ROWS)
    .map((each) =>
      h(
        "tr",
        {},
        h("td", {}, each.file),
        h("td", { class: "number" }, String(each.line)),
        h("td", {}, each.wafer || "–"),
        h("td", {}, h("code", { class: "chip" }, each.code)),
        h("td", { class: "words" }, each.message),
      ),
    );
  const rest =
    rows.length > SHOWN_ROWS &&
    h(
      "p",
      { class: "small" },
      `The first ${SHOWN_ROWS} of ${many(rows.length, "row")}. The report and manifest.json list them all.`,
    );
  return [table("Quarantined rows", columns, shown, "short"), rest];
}

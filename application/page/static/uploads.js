// The files chosen for upload: the state of each, and what to do about a refused one.

import * as api from "./api.js";
import { contract, within } from "./contract.js";
import { announce, h, put } from "./dom.js";
import { bytes, many } from "./format.js";

const NEVER = [/\.(png|jpe?g|gif|bmp|tiff?|svg|pdf|docx?|pptx?)$/i, "a picture or document, not readings: remove it"];
const ADVICE = [
  NEVER,
  [/\.(xlsx?|xlsm|xlsb|ods)$/i, "a spreadsheet: save the sheet as CSV, or draft a contract that reads workbooks (wafer contract draft)"],
  [/\.(zip|gz|tgz|tar|7z|rar|bz2|xz)$/i, "an archive: unpack it and choose the CSV files in it"],
];
const OTHER = "not a CSV file: export the batch as CSV";

/** What to do about a file that cannot be a batch by its name; empty for one that can, under the contract chosen. */
function advice(name) {
  if (/\.csv$/i.test(name)) return "";
  if (contract()) return NEVER[0].test(name) ? NEVER[1] : ""; // it may have names and forms of its own: the service looks
  return ADVICE.find(([ending]) => ending.test(name))?.[1] ?? OTHER;
}

/** A refusal that comes again however often the file is sent. */
const lasting = ({ status }) => status >= 400 && status < 500 && ![401, 408, 429].includes(status);

/** The list; `changed` is called whenever it has other files or states. */
export function uploadList(changed) {
  let files = []; // { file, state, folder, source, item }; state: waiting, uploaded or refused; folder: where it was sent
  let pipeline = "";
  let place = ""; // the pipeline that the first file was sent for: every kind of run reads the set
  const element = h("div", { class: "chosen" });
  const total = h("span", {});
  const name = h("input", {
    id: "set",
    type: "text",
    maxlength: "64",
    required: true,
    pattern: "[A-Za-z0-9](?:[A-Za-z0-9._\\-]{0,62}[A-Za-z0-9_\\-])?",
    spellcheck: "false",
    on: { change: aim },
  });
  const list = h("ul", { class: "files", tabindex: "0", "aria-label": "Files to upload" });
  const folder = () => ["/uploads", place || pipeline, encodeURIComponent(name.value.trim())].join("/");
  const of = (state) => files.filter((each) => each.state === state);

  function take(given) {
    place = "";
    files = [...given].map((file) => ({ file, state: "waiting", folder: "", item: h("li", {}) }));
    for (const each of files) {
      const unfit = advice(each.file.name);
      show(each, unfit ? "refused" : "waiting", unfit || bytes(each.file.size), Boolean(unfit));
    }
    name.value = `lot-${stamp()}`;
    announce(`${many(files.length, "file")} chosen.`);
    render();
  }

  function render() {
    const size = files.reduce((sum, each) => sum + each.file.size, 0);
    put(total, h("strong", {}, many(files.length, "file")), ` · ${bytes(size)}`);
    put(
      list,
      files.map((each) => each.item),
    );
    put(
      element,
      files.length > 0 && [
        h("p", { class: "line" }, total, h("button", { type: "button", class: "quiet", on: { click: clear } }, "Remove all")),
        h("div", { class: "field" }, h("label", { for: "set" }, "Name of the batch set"), name),
        list,
      ],
    );
    changed();
  }

  /** Set a file's state, with a note next to its name; `unfit` files cannot be tried again. */
  function show(each, state, note, unfit = false) {
    each.state = state;
    each.unfit = unfit;
    const called = each.file.name;
    const bar = h("progress", { max: "1", value: state === "uploaded" ? "1" : "0", "aria-label": `Upload of ${called}` });
    each.bar = bar;
    const action = (verb, act) =>
      h("button", { type: "button", class: "quiet", "aria-label": `${verb} ${called}`, on: { click: act } }, verb);
    each.item.className = state;
    put(
      each.item,
      h("span", { class: "name", title: called }, called),
      state === "refused" ? null : h("span", { class: "note" }, note),
      state === "refused" ? null : bar,
      h(
        "span",
        { class: "actions" },
        state === "refused" && !unfit && action("Retry", () => (show(each, "waiting", bytes(each.file.size)), changed())),
        action("Remove", () => ((files = files.filter((other) => other !== each)), render())),
      ),
      state === "refused" && h("span", { class: "note bad" }, note),
    );
  }

  /** Another batch set is another place, where nothing was sent and nothing refused. */
  function aim() {
    for (const each of files) if (each.folder && each.folder !== folder()) show(each, "waiting", bytes(each.file.size));
    changed();
  }

  /** Upload what waits, one file after the other; returns how many the service refused. */
  async function send() {
    let refused = 0;
    for (const each of of("waiting")) {
      each.folder = folder();
      try {
        const path = `${each.folder}/${encodeURIComponent(each.file.name)}`;
        const taken = await api.upload(within(path), each.file, (share) => (each.bar.value = share));
        each.source = taken.source;
        place ||= pipeline;
        show(each, "uploaded", "uploaded");
      } catch (problem) {
        if (!lasting(problem)) throw problem;
        show(each, "refused", problem.detail);
        refused += 1;
      }
      changed();
    }
    return refused;
  }

  function clear() {
    files = [];
    render();
  }

  return {
    element,
    take,
    clear,
    send,
    count: (state) => (state ? of(state) : files).length,
    source: () => of("uploaded")[0].source,
    aim: (wanted) => ((pipeline = wanted), aim()),
  };
}

function stamp() {
  const at = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

// The form that starts a run, from stored batches or from files dropped on it.

import * as api from "./api.js";
import { announce, failure, h, put } from "./dom.js";
import { bytes, count, many, PIPELINES, sourceName } from "./format.js";

const WORDS = { predict: ["Predict", "predict"], train: ["Train", "train"] };
const OTHER = "other";
const HINTS = {
  predict: "Ranks unlabelled wafers by suspicion with the model in production.",
  train: "Trains a model on labelled wafers and decides whether it replaces the one in production.",
};

/** The form; `started` is called with the new run. */
export function startPanel(started) {
  let pipeline = "predict";
  let files = [];
  let busy = false;
  const source = h("select", { id: "source", on: { change: render } });
  const address = h("input", { id: "address", type: "text", spellcheck: "false", maxlength: "1000" });
  const addressField = h(
    "div",
    { class: "field", hidden: true },
    h("label", { for: "address" }, "Folder or S3 prefix inside a configured source"),
    address,
  );
  const sourceField = h("div", { class: "field" }, h("label", { for: "source" }, "Batches"), source, addressField);
  const chooser = h("input", {
    id: "files",
    type: "file",
    multiple: true,
    accept: ".csv,text/csv",
    class: "unseen",
    on: { change: () => take(chooser.files) },
  });
  const drop = h(
    "label",
    { class: "drop", for: "files" },
    h("span", {}, h("strong", {}, "Drop CSV batches here"), " or choose files"),
    chooser,
  );
  const chosen = h("div", { class: "chosen" });
  const budget = h("input", { id: "budget", type: "number", min: "0.1", max: "90", step: "0.1", inputmode: "decimal" });
  const clusters = h("input", { id: "clusters", type: "number", min: "1", max: "20", step: "1", value: "10" });
  const seed = h("input", { id: "seed", type: "number", min: "0", max: "2147483647", step: "1", value: "7" });
  const trainingOnly = h(
    "div",
    { class: "pair" },
    field("clusters", "Maximum number of clusters", clusters),
    field("seed", "Random seed", seed),
  );
  const hint = h("p", { class: "small" });
  const messages = h("div", {});
  const go = h("button", { class: "primary wide" });
  const choice = (name) =>
    h(
      "label",
      {},
      h("input", {
        type: "radio",
        name: "pipeline",
        value: name,
        checked: name === pipeline,
        on: { change: () => turn(name) },
      }),
      h("span", {}, WORDS[name][0]),
    );
  const form = h(
    "form",
    { class: "card start", "aria-labelledby": "start-title", on: { submit, dragover, dragleave, drop: dropped } },
    h(
      "div",
      { class: "heading" },
      h("h2", { id: "start-title" }, "Start a run"),
      h(
        "div",
        { class: "segments", role: "radiogroup", "aria-label": "Kind of run" },
        choice("predict"),
        choice("train"),
      ),
    ),
    hint,
    drop,
    chosen,
    sourceField,
    h(
      "details",
      {},
      h("summary", {}, "Options"),
      field("budget", "False-alarm budget (% of good wafers)", budget),
      trainingOnly,
    ),
    messages,
    go,
  );

  function dragover(event) {
    event.preventDefault();
    form.classList.add("over");
  }

  function dragleave(event) {
    if (!form.contains(event.relatedTarget)) form.classList.remove("over");
  }

  function dropped(event) {
    event.preventDefault();
    form.classList.remove("over");
    take(event.dataTransfer.files);
  }

  function take(given) {
    if (busy || given.length === 0) return;
    files = [...given].map((file) => ({
      file,
      bar: h("progress", { max: "1", value: "0", "aria-label": `Upload of ${file.name}` }),
      note: h("span", { class: "note" }, bytes(file.size)),
    }));
    put(messages);
    const total = files.reduce((sum, each) => sum + each.file.size, 0);
    put(
      chosen,
      h(
        "p",
        { class: "line" },
        h("strong", {}, many(files.length, "file")),
        ` · ${bytes(total)}`,
        h("button", { type: "button", class: "quiet", on: { click: forget } }, "Remove"),
      ),
      h(
        "div",
        { class: "field" },
        h("label", { for: "set" }, "Name of the batch set"),
        h("input", {
          id: "set",
          type: "text",
          value: `lot-${stamp()}`,
          maxlength: "64",
          required: true,
          pattern: "[A-Za-z0-9](?:[A-Za-z0-9._\\-]{0,62}[A-Za-z0-9_\\-])?",
          spellcheck: "false",
        }),
      ),
      h(
        "ul",
        { class: "files", tabindex: "0", "aria-label": "Files to upload" },
        files.map(({ file, bar, note }) =>
          h("li", {}, h("span", { class: "name", title: file.name }, file.name), note, bar),
        ),
      ),
    );
    announce(`${many(files.length, "file")} chosen.`);
    render();
  }

  function forget() {
    files = [];
    chooser.value = "";
    put(chosen);
    render();
  }

  async function turn(name) {
    pipeline = name;
    put(messages);
    await offer();
    render();
  }

  /** Fill the list of sources; the one named is chosen. */
  async function offer(wanted = source.value) {
    let found;
    try {
      found = await api.get(`/sources?pipeline=${pipeline}`);
    } catch (problem) {
      if (problem.status)
        put(
          messages,
          failure(problem, () => (put(messages), offer())),
        ); // the banner says when the service is away
      return;
    }
    const sets = found.sources.map((each) =>
      h(
        "option",
        { value: each.source },
        `${sourceName(each.source)} · ${many(each.files, "file")}, ${bytes(each.bytes)}`,
      ),
    );
    const places = found.configured.map((each) => h("option", { value: each }, each));
    put(
      source,
      sets.length + places.length === 0 && h("option", { value: "" }, "No batches yet: drop files above"),
      sets.length > 0 && h("optgroup", { label: "Batch sets" }, sets),
      places.length > 0 &&
        h(
          "optgroup",
          { label: "Other sources" },
          places,
          h("option", { value: OTHER }, "A folder inside one of these…"),
        ),
    );
    if ([...source.options].some((each) => each.value === wanted)) source.value = wanted;
    render();
  }

  function render() {
    const [title, verb] = WORDS[pipeline];
    hint.textContent = HINTS[pipeline];
    sourceField.hidden = files.length > 0;
    addressField.hidden = source.value !== OTHER;
    trainingOnly.hidden = pipeline !== "train";
    budget.placeholder = pipeline === "train" ? "10" : "as in the model";
    go.textContent = files.length > 0 ? `Upload ${many(files.length, "file")} and ${verb}` : title;
    go.disabled = busy || (files.length === 0 && !source.value);
  }

  async function submit(event) {
    event.preventDefault();
    busy = true;
    put(messages);
    render();
    try {
      const named = files.length > 0 ? await sendFiles() : source.value === OTHER ? address.value.trim() : source.value;
      const run = await api.post(`/${pipeline}`, order(named), { "Idempotency-Key": randomKey() });
      announce(`${PIPELINES[pipeline]} started.`);
      if (files.length > 0) {
        forget();
        await offer(named);
      }
      started(run);
    } catch (problem) {
      put(
        messages,
        failure(problem),
        problem.runId && h("p", {}, h("a", { href: `#/runs/${problem.runId}` }, "Open the running training")),
      );
    } finally {
      busy = false;
      render();
    }
  }

  function order(named) {
    const wanted = { source: named };
    if (budget.value) wanted.false_alarm_budget = Number(budget.value) / 100;
    if (pipeline === "train") Object.assign(wanted, { max_clusters: Number(clusters.value), seed: Number(seed.value) });
    return wanted;
  }

  /** Upload the files that the service does not have yet, one after the other, and return the source's name. */
  async function sendFiles() {
    const set = form.querySelector("#set").value.trim();
    let named = "";
    const refused = [];
    for (const each of files) {
      const path = ["/uploads", pipeline, set, each.file.name]
        .map((part, at) => (at ? encodeURIComponent(part) : part))
        .join("/");
      try {
        const taken = await api.upload(path, each.file, (share) => (each.bar.value = share));
        each.bar.value = 1;
        each.note.textContent = "uploaded";
        named = taken.source;
      } catch (problem) {
        each.note.textContent = problem.code === "UPLOAD_CONFLICT" ? "a different file has this name" : "refused";
        each.note.classList.add("bad");
        refused.push([each.file.name, problem]);
        if (problem.status === 0) break;
      }
    }
    if (refused.length > 0) {
      const [name, problem] = refused[0];
      const others = refused.length > 1 ? ` (and ${count(refused.length - 1)} more)` : "";
      throw Object.assign(problem, { title: `${name} was not uploaded${others}.` });
    }
    return named;
  }

  render();
  offer();
  return { element: form, again: offer };
}

function field(id, label, input) {
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}

function stamp() {
  const at = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

/** crypto.randomUUID does not exist where the page comes over plain HTTP from another machine. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

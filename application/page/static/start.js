// The form that starts a run, from stored batches or from files dropped on it.

import * as api from "./api.js";
import { contract, within } from "./contract.js";
import { announce, failure, h, put } from "./dom.js";
import { bytes, many, PIPELINES, sourceName } from "./format.js";
import { uploadList } from "./uploads.js";

const WORDS = {
  predict: ["Predict", "predict", "Predict"],
  outcomes: ["Outcomes", "take in outcomes", "Take in outcomes of"],
  train: ["Train", "train", "Train on"],
};
const OTHER = "other";
const HINTS = {
  predict: "Ranks unlabelled wafers by suspicion with the model in production.",
  outcomes: "Takes in what predicted wafers turned out to be: labelled batches, or files of wafer and outcome alone.",
  train: "Trains a model on labelled wafers and decides whether it replaces the one in production.",
};

/** The form; `started` is called with the new run. */
export function startPanel(started) {
  let pipeline = "predict";
  let ready = true; // whether a model is in production
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
    on: { change: () => (take(chooser.files), (chooser.value = "")) },
  });
  const drop = h(
    "label",
    { class: "drop", for: "files" },
    h("span", {}, h("strong", {}, "Drop CSV batches here"), " or choose files"),
    chooser,
  );
  const uploads = uploadList(() => render());
  const budget = h("input", { id: "budget", type: "number", min: "0.1", max: "90", step: "0.1", inputmode: "decimal" });
  const clusters = h("input", { id: "clusters", type: "number", min: "1", max: "20", step: "1", value: "10" });
  const seed = h("input", { id: "seed", type: "number", min: "0", max: "2147483647", step: "1", value: "7" });
  const promotion = h(
    "select",
    { id: "promotion" },
    h("option", { value: "" }, "As configured"),
    h("option", { value: "auto" }, "Promote if it is better"),
    h("option", { value: "candidate" }, "Wait for a person"),
  );
  const threshold = h(
    "select",
    { id: "threshold" },
    h("option", { value: "" }, "As configured"),
    h("option", { value: "fixed" }, "By the threshold of the training"),
    h("option", { value: "recent" }, "By rank among recent scores"),
  );
  const predictionOnly = h("div", {}, field("threshold", "Keep the budget", threshold));
  const fromOutcomes = h("input", { id: "from-outcomes", type: "checkbox" });
  const trainingOnly = h(
    "div",
    {},
    h(
      "div",
      { class: "pair" },
      field("clusters", "Maximum number of clusters", clusters),
      field("seed", "Random seed", seed),
    ),
    field("promotion", "After the training", promotion),
    h("p", { class: "check" }, fromOutcomes, h("label", { for: "from-outcomes" }, "Learn also from predicted wafers with an outcome")),
  );
  const options = h(
    "details",
    {},
    h("summary", {}, "Options"),
    field("budget", "False-alarm budget (% of good wafers)", budget),
    trainingOnly,
    predictionOnly,
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
        choice("outcomes"),
        choice("train"),
      ),
    ),
    hint,
    drop,
    uploads.element,
    sourceField,
    options,
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
    put(messages);
    uploads.take(given);
  }

  async function turn(name) {
    pipeline = name;
    uploads.aim(pipeline);
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
    const [title, verb, over] = WORDS[pipeline];
    const [waiting, uploaded] = [uploads.count("waiting"), uploads.count("uploaded")];
    const possible = pipeline !== "predict" || ready;
    hint.textContent = possible ? `${HINTS[pipeline]}${contract() && ` For the contract ${contract()}.`}` : "No model is in production yet. Train one first, or promote a version.";
    sourceField.hidden = uploads.count() > 0;
    addressField.hidden = source.value !== OTHER;
    options.hidden = pipeline === "outcomes";
    trainingOnly.hidden = pipeline !== "train";
    predictionOnly.hidden = pipeline !== "predict";
    budget.placeholder = pipeline === "train" ? "10" : "as in the model";
    if (waiting > 0) go.textContent = `Upload ${many(waiting, "file")} and ${verb}`;
    else go.textContent = uploaded > 0 ? `${over} ${many(uploaded, "file")}` : pipeline === "outcomes" ? "Take in outcomes" : title;
    go.disabled = busy || !possible || (uploads.count() > 0 ? waiting + uploaded === 0 : !source.value);
  }

  async function submit(event) {
    event.preventDefault();
    busy = true;
    put(messages);
    render();
    try {
      const own = source.value === OTHER ? address.value.trim() : source.value;
      const named = uploads.count() > 0 ? await sendFiles() : own;
      if (!named) return;
      const run = await api.post(`/${pipeline}`, order(named), { "Idempotency-Key": randomKey() });
      announce(`${PIPELINES[pipeline]} started.`);
      if (uploads.count() > 0) {
        uploads.clear();
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
    if (contract()) wanted.contract = contract();
    if (pipeline === "outcomes") return wanted;
    if (budget.value) wanted.false_alarm_budget = Number(budget.value) / 100;
    if (pipeline === "predict") wanted.threshold = threshold.value;
    if (pipeline === "train")
      Object.assign(wanted, {
        max_clusters: Number(clusters.value),
        seed: Number(seed.value),
        promotion: promotion.value,
        from_outcomes: fromOutcomes.checked,
      });
    return wanted;
  }

  /** Upload what waits; the source's name, or nothing when files were refused on the way. */
  async function sendFiles() {
    const refused = await uploads.send();
    if (refused === 0) return uploads.source();
    const left = many(uploads.count("uploaded"), "file");
    put(
      messages,
      h(
        "div",
        { class: "notice inspect", role: "alert" },
        h(
          "p",
          {},
          `${many(refused, "file")} ${refused === 1 ? "was" : "were"} refused; the list says why. Retry or remove them, or start with the ${left} uploaded.`,
        ),
      ),
    );
    return "";
  }

  /** Without a model in production a prediction cannot succeed, so the form opens on training. */
  async function lookForModel() {
    const models = await api.get(within("/models")).catch(() => null); // the run says it where the registry is away
    if (!models) return;
    const first = ready && !models.production;
    ready = Boolean(models.production);
    if (first && pipeline === "predict" && uploads.count() === 0) {
      form.querySelector("[value=train]").checked = true;
      await turn("train");
    }
    render();
  }

  uploads.aim(pipeline);
  render();
  offer();
  lookForModel();
  return { element: form, again: () => Promise.all([offer(), lookForModel()]) };
}

function field(id, label, input) {
  return h("div", { class: "field" }, h("label", { for: id }, label), input);
}

/** crypto.randomUUID does not exist where the page comes over plain HTTP from another machine. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

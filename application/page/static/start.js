// The form that starts a run, from stored batches or from files dropped on it.

import * as api from "./api.js";
import { contract, within } from "./contract.js";
import { announce, failure, h, put } from "./dom.js";
import { many, PIPELINES } from "./format.js";
import { dropPlace } from "./start/drop.js";
import { runOptions } from "./start/options.js";
import { sourcePicker } from "./start/source.js";
import { uploadList } from "./uploads.js";

const WORDS = {
  predict: ["Predict", "predict", "Predict"],
  outcomes: ["Outcomes", "take in outcomes", "Take in outcomes of"],
  train: ["Train", "train", "Train on"],
};
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
  const source = sourcePicker(render);
  const drop = dropPlace(take);
  const options = runOptions();
  const uploads = uploadList(() => render());
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
    { class: "card start", "aria-labelledby": "start-title", on: { submit } },
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
    drop.element,
    uploads.element,
    source.element,
    options.element,
    messages,
    go,
  );

  function take(given) {
    if (busy || given.length === 0) return;
    put(messages);
    uploads.take(given);
  }

  async function turn(name) {
    pipeline = name;
    uploads.aim(pipeline);
    put(messages);
    await offer(""); // what was chosen for one kind of run is not meant for another
    render();
  }

  /** Fill the list of sources; the one named is chosen. */
  async function offer(wanted = source.chosen()) {
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
    const fits = (each) => !each.contract || !contract() || each.contract === contract();
    source.offer({ ...found, sources: found.sources.filter(fits) }, wanted, pipeline);
    render();
  }

  function render() {
    const [title, verb, over] = WORDS[pipeline];
    const [waiting, uploaded] = [uploads.count("waiting"), uploads.count("uploaded")];
    const possible = pipeline !== "predict" || ready;
    hint.textContent = possible ? `${HINTS[pipeline]}${contract() && ` For the contract ${contract()}.`}` : "No model is in production yet. Train one first, or promote a version.";
    source.element.hidden = uploads.count() > 0;
    options.turn(pipeline);
    if (waiting > 0) go.textContent = `Upload ${many(waiting, "file")} and ${verb}`;
    else go.textContent = uploaded > 0 ? `${over} ${many(uploaded, "file")}` : pipeline === "outcomes" ? "Take in outcomes" : title;
    go.disabled = busy || !possible || (uploads.count() > 0 ? waiting + uploaded === 0 : !source.chosen());
  }

  async function submit(event) {
    event.preventDefault();
    busy = true;
    put(messages);
    render();
    try {
      const named = uploads.count() > 0 ? await sendFiles() : source.named();
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

  const order = (named) => ({ source: named, ...(contract() && { contract: contract() }), ...options.set(pipeline) });

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

  drop.watch(form);
  uploads.aim(pipeline);
  render();
  offer();
  lookForModel();
  return { element: form, again: () => Promise.all([offer(), lookForModel()]) };
}

/** crypto.randomUUID does not exist where the page comes over plain HTTP from another machine. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

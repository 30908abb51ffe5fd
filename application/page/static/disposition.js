// What was decided about a wafer: a word of a person with a comment, and everything that was told before.

import * as api from "./api.js";
import { announce, failure, h, loading, put } from "./dom.js";
import { fullMoment, moment } from "./format.js";

const PAUSE = 200; // milliseconds that a wafer stays chosen before its history is asked for
export const WORDS = {
  "confirmed-fault": "Confirmed fault",
  "false-alarm": "False alarm",
  scrapped: "Scrapped",
  reworked: "Reworked",
  comment: "Comment only",
  withdrawn: "Withdrawn",
};

/** The form for a word on a wafer and its history; `decided` is told when the last word of a person changed. */
export function dispositionOf(wafer, { runId, may, decided }) {
  const history = h("div", {}, loading("what was told"));
  const path = `/runs/${encodeURIComponent(runId)}/wafers/${encodeURIComponent(wafer.wafer)}/disposition?file=${encodeURIComponent(wafer.file)}`;
  const show = (found) => put(history, told(found));

  async function load() {
    try {
      show(await api.get(path));
    } catch (problem) {
      put(history, problem.status === 404 ? h("p", { class: "small" }, problem.detail) : failure(problem, load));
    }
  }

  async function say(word, comment) {
    const found = await api.post(path, { word, comment });
    const last = found.told.find((each) => each.run_id === runId && each.word && each.word !== "comment")?.word;
    wafer.disposition = last === "withdrawn" ? null : (last ?? null);
    announce(`${wafer.wafer}: ${WORDS[word]}.`);
    show(found);
    decided(wafer);
  }

  setTimeout(() => history.isConnected && load(), PAUSE);
  return h(
    "section",
    { "aria-labelledby": "disposition-title" },
    h("h3", { id: "disposition-title" }, "Disposition"),
    may.start && form(say),
    history,
  );
}

function form(say) {
  const messages = h("div", {});
  const word = h(
    "select",
    { id: "disposition-word" },
    Object.entries(WORDS).map(([name, title]) => h("option", { value: name }, title)),
  );
  const comment = h("input", { id: "disposition-comment", type: "text", maxlength: "1000", autocomplete: "off" });
  const keep = h("button", { "data-key": "disposition" }, "Set disposition");
  async function send(event) {
    event.preventDefault();
    const from = document.activeElement; // a button that is disabled loses the focus
    keep.disabled = true;
    put(messages);
    try {
      await say(word.value, comment.value.trim());
      comment.value = "";
    } catch (problem) {
      put(messages, failure(problem));
    }
    keep.disabled = false;
    if (document.activeElement === document.body) from.focus({ preventScroll: true });
  }
  return h(
    "form",
    { class: "dispose", on: { submit: send } },
    h("div", { class: "field" }, h("label", { for: "disposition-word" }, "What was decided"), word),
    h("div", { class: "field" }, h("label", { for: "disposition-comment" }, "Comment"), comment),
    keep,
    messages,
  );
}

function told({ outcome, told: every }) {
  if (every.length === 0) return h("p", { class: "small" }, "Nothing is recorded of this wafer yet.");
  const taken = outcome ? `Counted as ${outcome}.` : "Counted as neither pass nor fail.";
  return [
    every.some((each) => each.counts) && h("p", { class: "small" }, taken, " The last word counts; rework has no outcome."),
    h("ol", { class: "told" }, every.map(entry)),
  ];
}

const entry = (each) =>
  h(
    "li",
    {},
    h("strong", {}, each.word ? WORDS[each.word] : `Outcome: ${each.outcome}`),
    each.counts && h("span", { class: "badge production" }, "counts"),
    " by ",
    each.who || h("span", { class: "break" }, each.file),
    ", ",
    h("time", { datetime: each.at, title: fullMoment(each.at) }, moment(each.at)),
    each.comment && h("p", { class: "small" }, each.comment),
  );

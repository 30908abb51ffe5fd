// Schedules: what happens by itself, and what waits for a person.

import { failure, h, loading, put } from "./dom.js";
import { noticesPart } from "./schedules/notices.js";
import { predictionsPart } from "./schedules/predictions.js";
import { retrainingPart } from "./schedules/retraining.js";
import { waitingPart } from "./schedules/waiting.js";

const LOOK_AGAIN = 10000; // milliseconds

export function schedulesScreen(main, may) {
  const parts = [waitingPart, predictionsPart, retrainingPart, noticesPart].map((make) => {
    const place = h("div", {}, loading("it"));
    return { place, ...make(may, load) };
  });
  let closed = false;
  main.replaceChildren(h("div", { class: "schedules" }, h("h1", { class: "unseen" }, "Schedules"), parts.map(card)));
  const timer = setInterval(load, LOOK_AGAIN);

  function load() {
    return Promise.all(parts.map(loadOne));
  }

  async function loadOne({ place, show }) {
    try {
      const shown = await show();
      if (!closed) put(place, shown);
    } catch (problem) {
      if (!closed && problem.status) put(place, failure(problem, load)); // the banner says when the service is away
    }
  }

  return {
    go: load,
    again: load,
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

const card = ({ title, place, action }) =>
  h(
    "section",
    { class: "card" },
    h("div", { class: "heading" }, h("h2", {}, title), action && h("div", { class: "actions" }, action)),
    place,
  );

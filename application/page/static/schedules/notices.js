// Who is told of what happens.

import * as api from "../api.js";
import { announce, empty, h, table } from "../dom.js";
import { fullMoment, moment } from "../format.js";
import { button } from "./part.js";

/** A part of the screen; `again` shows it anew. */
export function noticesPart(may, again) {
  async function showNotices() {
    const found = await api.get("/webhooks");
    if (found.length === 0)
      return empty("Nobody is told", "WAFER_WEBHOOKS names who hears of failed runs, promotions, drift and broken promises.");
    return table("Who is told", [["Address"], ["Form"], ["Waiting", "number"], ["Given up", "number"], ["Last taken"], ["Last error"]], found.map(told));
  }

  const told = (each) =>
    h(
      "tr",
      {},
      h("td", { class: "best break" }, each.address),
      h("td", {}, each.form),
      h("td", { class: "number" }, each.waiting),
      h("td", { class: "number" }, each.given_up),
      h("td", { title: fullMoment(each.sent) }, moment(each.sent)),
      h("td", { class: "words" }, each.error),
    );

  async function sendTest(pressed) {
    pressed.disabled = true;
    try {
      const answers = await api.post("/webhooks/test");
      const lost = answers.filter((each) => each.error);
      announce(lost.length > 0 ? lost.map((each) => `${each.address}: ${each.error}`).join(" ") : "Every address took the test.");
      pressed.textContent = lost.length > 0 ? `${lost.length} did not take it` : answers.length > 0 ? "Taken" : "Nobody is told";
    } finally {
      pressed.disabled = false;
      await again();
    }
  }

  return { title: "Notices", show: showNotices, action: may.promote && button("Send a test", "test", (event) => sendTest(event.currentTarget)) };
}

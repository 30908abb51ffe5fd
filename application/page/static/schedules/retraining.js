// Decisions about training again.

import * as api from "../api.js";
import { announce, confirm, empty, h, table } from "../dom.js";
import { fullMoment, moment } from "../format.js";
import { button } from "./part.js";

/** A part of the screen; `again` shows it anew. */
export function retrainingPart(may, again) {
  async function showTrainings() {
    const { decisions } = await api.get("/retraining?limit=20");
    if (decisions.length === 0)
      return empty("No decision yet", "The service decides as often as WAFER_RETRAIN_HOURS says, or when you ask.");
    return table("Decisions about training again", [["When"], ["By"], ["Decision"], ["Why"], ["Training"]], decisions.map(decided));
  }

  const decided = (each) =>
    h(
      "tr",
      {},
      h("td", { title: fullMoment(each.at) }, moment(each.at)),
      h("td", {}, each.by),
      h("td", {}, h("span", { class: `badge ${each.train ? "running" : ""}` }, each.train ? "train again" : "not now")),
      h("td", { class: "words" }, each.why),
      h("td", {}, each.run_id && h("a", { href: `#/runs/${each.run_id}` }, "Open")),
    );

  async function askDecision() {
    const told = await api.post("/retraining", { dry_run: true }).catch((problem) => ({ why: problem.detail, train: false }));
    confirm({
      title: told.train ? "Train again now?" : "Not now",
      words: [told.why, told.train ? "The training starts at once." : "You can write this decision down; nothing is started."],
      verb: told.train ? "Train" : "Write it down",
      act: async () => {
        const made = await api.post("/retraining", {});
        announce(made.run_id ? "Training started." : "Decided.");
        await again();
      },
    });
  }

  return { title: "Retraining", show: showTrainings, action: may.start && button("Decide now…", "decide", askDecision) };
}

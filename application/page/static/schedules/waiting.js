// The version that waits for a person: promote or decline it.

import * as api from "../api.js";
import { within } from "../contract.js";
import { announce, confirm, h } from "../dom.js";
import { moment } from "../format.js";
import { button } from "./part.js";

const WHY = "Your reason (kept with your name and the time)";

/** A part of the screen; `again` shows it anew. */
export function waitingPart(may, again) {
  async function showWaiting() {
    const { models, candidate, production } = await api.get(within("/models"));
    const model = models.find((each) => each.version === candidate);
    if (!model) return h("p", { class: "small" }, "Nothing waits. A training with “Wait for a person” leaves its version here.");
    const title = `version ${candidate}`;
    return [
      h("p", {}, h("a", { href: `#/models/${candidate}` }, `Version ${candidate}`), ` of ${moment(model.created)}. ${model.decision.reason ?? ""}`),
      may.promote &&
        h(
          "div",
          { class: "actions" },
          button(`Promote ${title}…`, "approve", () => askChange(candidate, production, "promote"), "primary"),
          button(`Decline ${title}…`, "decline", () => askChange(candidate, production, "decline")),
        ),
    ];
  }

  function askChange(version, production, act) {
    const promote = act === "promote";
    confirm({
      title: promote ? `Promote version ${version}?` : `Decline version ${version}?`,
      words: [
        promote
          ? "The next predictions use it. The version now in production stays and can be put back."
          : "It stays on Models, waits no longer, and predictions do not score it in shadow any more.",
      ],
      verb: promote ? "Promote" : "Decline",
      question: WHY,
      act: async (why) => {
        await api.post(within(`/models/${version}/${act}`), promote ? { why, expected: production ?? 0 } : { why });
        announce(promote ? `Version ${version} is in production.` : `Version ${version} is declined.`);
        await again();
      },
    });
  }

  return { title: "Waits for a person", show: showWaiting };
}

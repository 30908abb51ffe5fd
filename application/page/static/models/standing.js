// What became of a version after its training: when it came into production and left it, by whom and why.

import { h } from "../dom.js";
import { fullMoment, moment } from "../format.js";

/** The place of a version among the others, in one or two words. */
export function placeOf(model, found) {
  if (model.production) return "production";
  if (model.version === found.candidate) return "waits for a person";
  if (model.aliases.includes("staging")) return "staging";
  if (model.declined) return "declined";
  return found.changes.some((each) => each.version === model.version) ? "former" : "not promoted";
}

/** When the version came into production and left it, the newest first, and who declined it; nothing where nobody did. */
export function standing(model, { changes }) {
  const about = changes.flatMap((each, at) => {
    const came = each.version === model.version;
    const left = !came && changes[at + 1]?.version === model.version;
    return came || left ? [line(each, came ? (each.rollback ? "Restored" : "Promoted") : replaced(each))] : [];
  });
  if (model.declined) about.unshift(line(model.declined, "Declined"));
  return about.length > 0 && [h("h3", {}, "What became of it"), h("ol", { class: "told" }, about)];
}

const replaced = (each) => `Replaced by version ${each.version}${each.rollback ? " in a rollback" : ""}`;

const line = (each, what) =>
  h(
    "li",
    {},
    h("strong", {}, what),
    " by ",
    byWhom(each),
    ", ",
    h("time", { datetime: each.at, title: fullMoment(each.at) }, moment(each.at)),
    each.why && h("p", { class: "small" }, each.why),
  );

/** A person, or the training that decided. */
export const byWhom = (each) => (each.run_id ? h("a", { href: `#/runs/${each.run_id}` }, "its training") : each.who || "somebody");

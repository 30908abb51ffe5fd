// The list of versions, and what was in production when.

import { h } from "../dom.js";
import { fixed, fullMoment, moment } from "../format.js";
import { byWhom, placeOf } from "./standing.js";

/** A version in the list; `found` are all versions, `chosen` is the one that is shown. */
export const versionLine = (model, found, chosen) =>
  h(
    "li",
    {},
    h(
      "a",
      {
        href: `#/models/${model.version}`,
        "data-key": `version ${model.version}`,
        "aria-current": model.version === chosen ? "true" : null,
      },
      h("strong", {}, `Version ${model.version}`),
      h("span", { class: model.production ? "badge production" : "badge" }, placeOf(model, found)),
      h("time", { datetime: model.created, title: fullMoment(model.created) }, moment(model.created)),
      h("span", { class: "took" }, howGood(model.decision)),
    ),
  );

/** How good a version is, in one figure; the one forward in time where it has one. */
const howGood = ({ forward_auc: forward, metrics }) =>
  forward ? `AUC ${fixed(forward)} forward` : metrics ? `AUC ${fixed(metrics.auc)} at random` : "";

/** The version that a rollback would restore, or null. */
export function before({ history, production }) {
  const at = history.lastIndexOf(production);
  return at > 0 ? history[at - 1] : null;
}

/** What came into production when, by whom and why. */
export const history = (changes) =>
  changes.length > 0 &&
  h(
    "details",
    { class: "pad changes" },
    h("summary", {}, "History of production"),
    h("ol", {}, changes.map(entry)),
  );

const entry = (each) =>
  h(
    "li",
    {},
    h("strong", {}, `Version ${each.version}`),
    each.rollback ? " restored by " : " promoted by ",
    byWhom(each),
    ", ",
    h("time", { datetime: each.at, title: fullMoment(each.at) }, moment(each.at)),
    each.why && h("p", { class: "small" }, each.why),
  );

// Models: the versions, the one in production, each one's quality and why it was promoted or not.

import * as api from "./api.js";
import { within } from "./contract.js";
import { announce, empty, failure, h, loading, put } from "./dom.js";
import { askPromote, askRollback } from "./models/changing.js";
import { decision } from "./models/decision.js";
import { nextBatch } from "./models/next-batch.js";
import { clusters, figures, pictures } from "./models/quality.js";
import { scorecard } from "./models/scorecard.js";
import { before, history, versionLine } from "./models/versions.js";

const LOOK_AGAIN = 5000; // milliseconds between two requests for the versions

export function modelsScreen(main, may) {
  const list = h("div", {}, loading("the versions"));
  const detail = h("div", { class: "detail" });
  const undo = h("div", { class: "actions" });
  let found = null;
  let chosen = 0;
  let closed = false;
  main.replaceChildren(
    h(
      "div",
      { class: "models" },
      h("h1", { class: "unseen" }, "Models"),
      h(
        "section",
        { class: "card flush side", "aria-labelledby": "versions-title" },
        h("div", { class: "heading pad" }, h("h2", { id: "versions-title" }, "Versions"), undo),
        list,
      ),
      detail,
    ),
  );

  async function load() {
    try {
      found = await api.get(within("/models"));
      if (!closed) showList();
    } catch (problem) {
      if (!closed)
        put(
          list,
          failure(problem, () => load().then(() => go(String(chosen || "")))),
        );
    }
  }

  function showList() {
    if (found.models.length === 0) {
      put(list, h("p", { class: "empty-line" }, "No version yet."));
      put(
        detail,
        empty("No model yet", "The first training on ", h("a", { href: "#/runs" }, "Runs"), " creates version 1."),
      );
      return;
    }
    const earlier = before(found);
    put(
      undo,
      may.promote &&
        earlier !== null &&
        h(
          "button",
          { type: "button", "data-key": "rollback", on: { click: () => askRollback(earlier, found, change) } },
          "Roll back…",
        ),
    );
    put(list, h("ol", { class: "versions" }, found.models.map((model) => versionLine(model, found, chosen))), history(found.changes));
  }

  async function go(version) {
    if (!found) await load();
    if (closed || !found || found.models.length === 0) return;
    chosen = Number(version) || found.production || found.models[0].version;
    showList();
    const model = found.models.find((each) => each.version === chosen);
    if (!model) return put(detail, empty("Version not found", h("a", { href: "#/models" }, "All versions")));
    const quality = h("div", {}, loading("the metrics"));
    const live = h("div", {});
    put(detail, decision(model, found, may.promote && ((each) => askPromote(each, found, change))), live, quality);
    showScorecard(chosen, live);
    try {
      const curves = await api.get(within(`/models/${chosen}/curves`));
      if (!closed && curves.version === chosen) put(quality, nextBatch(curves), figures(curves), pictures(curves), clusters(curves));
    } catch (problem) {
      put(
        quality,
        failure(problem, () => go(version)),
      );
    }
  }

  async function showScorecard(version, live, unit = "month") {
    try {
      const card = await api.get(within(`/models/${version}/scorecard?period=${unit}`));
      if (!closed && version === chosen) put(live, scorecard(card, (other) => showScorecard(version, live, other)));
    } catch (problem) {
      if (!closed) put(live, failure(problem, () => showScorecard(version, live, unit)));
    }
  }

  /** Change production, if the version there is still the one that the dialog spoke of. */
  async function change(path, order) {
    const model = await api.post(within(path), order);
    announce(`Version ${model.version} is in production.`);
    found = null;
    location.hash = `#/models/${model.version}`;
    await go(String(model.version));
  }

  /** Show what others trained, promoted or rolled back since. */
  async function refresh() {
    const latest = await api.get(within("/models")).catch(() => null); // the banner says when the service is away
    if (closed || !found || !latest || JSON.stringify(latest) === JSON.stringify(found)) return;
    const first = found.models.length === 0;
    const changed = (model) => JSON.stringify(model) !== JSON.stringify(latest.models.find((each) => each.version === model.version));
    const stale = found.models.some((each) => each.version === chosen && changed(each));
    found = latest;
    if (first || stale) await go(String(chosen || ""));
    else showList();
  }

  const refreshing = setInterval(() => document.visibilityState === "visible" && refresh(), LOOK_AGAIN);
  return {
    go,
    again: () => ((found = null), go(String(chosen || ""))),
    close() {
      closed = true;
      clearInterval(refreshing);
    },
  };
}

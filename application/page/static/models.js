// Models: the versions, the one in production, each one's quality and why it was promoted or not.

import * as api from "./api.js";
import { calibrationChart, precisionChart, rocChart } from "./charts/curves.js";
import { forwardChart, promiseChart } from "./charts/periods.js";
import { announce, confirm, empty, failure, h, loading, put, table } from "./dom.js";
import { count, fixed, fullMoment, many, moment, percent, signed } from "./format.js";

const FIGURES = {
  auc: ["AUC", "probability that a failing wafer scores higher than a passing one"],
  pr_auc: ["PR AUC", "precision averaged over recall"],
  recall_at_10: ["Recall at 10 %", "share of failing wafers found when 10 % of good wafers may be flagged"],
  ber: ["Balanced error rate", "mean of missed failures and false alarms at the threshold in use; lower is better"],
  brier_skill: ["Brier skill", "improvement of the probabilities over always predicting the failure rate"],
};
const WHY = "Your reason (kept with your name and the time)";
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
      found = await api.get("/models");
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
          { type: "button", "data-key": "rollback", on: { click: () => askRollback(earlier) } },
          "Roll back…",
        ),
    );
    put(list, h("ol", { class: "versions" }, found.models.map(line)), history(found.changes));
  }

  const line = (model) =>
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
        model.production
          ? h("span", { class: "badge production" }, "production")
          : h(
              "span",
              { class: "badge" },
              model.version === found.candidate
                ? "waits for a person"
                : model.aliases.includes("staging")
                ? "staging"
                : found.history.includes(model.version)
                  ? "former"
                  : "not promoted",
            ),
        h("time", { datetime: model.created, title: fullMoment(model.created) }, moment(model.created)),
        h("span", { class: "took" }, howGood(model.decision)),
      ),
    );

  async function go(version) {
    if (!found) await load();
    if (closed || !found || found.models.length === 0) return;
    chosen = Number(version) || found.production || found.models[0].version;
    showList();
    const model = found.models.find((each) => each.version === chosen);
    if (!model) return put(detail, empty("Version not found", h("a", { href: "#/models" }, "All versions")));
    const quality = h("div", {}, loading("the metrics"));
    const live = h("div", {});
    put(detail, decision(model), live, quality);
    showScorecard(chosen, live);
    try {
      const curves = await api.get(`/models/${chosen}/curves`);
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
      const card = await api.get(`/models/${version}/scorecard?period=${unit}`);
      if (!closed && version === chosen) put(live, scorecard(card, (other) => showScorecard(version, live, other)));
    } catch (problem) {
      if (!closed) put(live, failure(problem, () => showScorecard(version, live, unit)));
    }
  }

  function decision(model) {
    const { reason, floors, comparison } = model.decision;
    return h(
      "section",
      { class: "card", "aria-labelledby": "version-title" },
      h(
        "div",
        { class: "heading" },
        h("h2", { id: "version-title" }, `Version ${model.version}`),
        model.production && h("span", { class: "badge production" }, "production"),
        may.promote &&
          !model.production &&
          h(
            "div",
            { class: "actions" },
            h(
              "button",
              {
                type: "button",
                class: model.decision.promoted === false ? null : "primary",
                "data-key": "promote",
                on: { click: () => askPromote(model) },
              },
              "Promote…",
            ),
          ),
      ),
      h(
        "dl",
        { class: "facts" },
        fact("Created", fullMoment(model.created)),
        fact("Training run", h("a", { href: `#/runs/${model.run_id}` }, model.run_id)),
        fact("Digest", h("code", { title: model.digest }, model.digest.slice(0, 12))),
      ),
      reason &&
        h(
          "div",
          { class: `notice ${model.decision.promoted === false ? "inspect" : "pass"}` },
          h(
            "p",
            {},
            h(
              "strong",
              {},
              verdict(model.decision),
            ),
            reason,
          ),
        ),
      floors?.length > 0 && [h("h3", {}, "Minimum requirements"), floorTable(floors)],
      comparison && [h("h3", {}, `Compared with version ${comparison.champion_version}`), versus(comparison)],
    );
  }

  function askPromote(model) {
    const inFavour =
      model.decision.promoted === false ? [`It was not promoted after its training: ${model.decision.reason}`] : [];
    const expected = found.production ?? 0;
    const instead = found.production
      ? `It replaces version ${found.production}`
      : "It becomes the first version in production";
    confirm({
      title: `Put version ${model.version} into production?`,
      words: [
        `${instead} for all new predictions. Runs that have started keep their version. You can roll back later.`,
        ...inFavour,
      ],
      verb: `Promote version ${model.version}`,
      question: WHY,
      act: (why) => change(`/models/${model.version}/promote`, { expected, why }),
    });
  }

  function askRollback(earlier) {
    const expected = found.production;
    confirm({
      title: `Roll back to version ${earlier}?`,
      words: [
        `Version ${found.production} leaves production. New predictions use version ${earlier}.`,
      ],
      verb: `Roll back to version ${earlier}`,
      question: WHY,
      act: (why) => change("/models/rollback", { expected, why }),
    });
  }

  /** Change production, if the version there is still the one that the dialog spoke of. */
  async function change(path, order) {
    const model = await api.post(path, order);
    announce(`Version ${model.version} is in production.`);
    found = null;
    location.hash = `#/models/${model.version}`;
    await go(String(model.version));
  }

  /** Show what others trained, promoted or rolled back since. */
  async function refresh() {
    const latest = await api.get("/models").catch(() => null); // the banner says when the service is away
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

const verdict = ({ promoted, waits }) =>
  promoted !== false ? "Promoted after training. " : waits ? "Waits for a person. " : "Not promoted after training. ";

/** How good a version is, in one figure; the one forward in time where it has one. */
const howGood = ({ forward_auc: forward, metrics }) =>
  forward ? `AUC ${fixed(forward)} forward` : metrics ? `AUC ${fixed(metrics.auc)} at random` : "";

/** The version that a rollback would restore, or null. */
function before({ history, production }) {
  const at = history.lastIndexOf(production);
  return at > 0 ? history[at - 1] : null;
}

/** What came into production when, by whom and why. */
const history = (changes) =>
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
    each.run_id ? h("a", { href: `#/runs/${each.run_id}` }, "its training") : each.who || "somebody",
    ", ",
    h("time", { datetime: each.at, title: fullMoment(each.at) }, moment(each.at)),
    each.why && h("p", { class: "small" }, each.why),
  );

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function floorTable(floors) {
  const columns = [
    ["Metric", ""],
    ["Value", "number"],
    ["Must be above", "number"],
    ["Result", ""],
    ["Meaning", "words optional"],
  ];
  const rows = floors.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, each.name),
      h("td", { class: "number" }, plain(each.value)),
      h("td", { class: "number" }, plain(each.limit)),
      h("td", {}, h("span", { class: `verdict ${each.passed ? "pass" : "fail"}` }, each.passed ? "met" : "not met")),
      h("td", { class: "words optional" }, each.meaning),
    ),
  );
  return table("Minimum requirements", columns, rows);
}

/** What both thresholds do with the compared wafers; decisions of before do not say it. */
const points = ({ champion_version, champion_point: theirs, challenger_point: ours }) =>
  ours && theirs
    ? `Its threshold (budget ${percent(ours.budget)}) catches ${percent(ours.recall)} of the failures with ${percent(ours.false_alarm_rate, 1)} false alarms; that of version ${champion_version} (budget ${percent(theirs.budget)}) ${percent(theirs.recall)} with ${percent(theirs.false_alarm_rate, 1)}. `
    : "";

const plain = (value) => (Number.isInteger(value) ? count(value) : fixed(value));

function versus(found) {
  return h(
    "p",
    {},
    `AUC ${fixed(found.challenger_auc)} compared with ${fixed(found.champion_auc)} on the same ${many(found.wafers, "wafer")} (${count(found.failures)} failing): `,
    h("strong", {}, signed(found.difference, 3)),
    `, 90 % interval ${signed(found.low, 3)} to ${signed(found.high, 3)}. `,
    points(found),
    `Its training set has ${many(found.added, "wafer")} that the other one lacks, and lacks ${many(found.missing, "wafer")} that the other one has.`,
  );
}

const STATEMENTS = { kept: "pass", broken: "fail", "too few to say": "inspect" };
const share = (figure) =>
  figure ? `${percent(figure.value)} (${percent(figure.low)} to ${percent(figure.high)})` : "–";

const RECORD = [
  ["Wafers", "number"],
  ["Failing", "number"],
  ["Found", "number"],
  ["False alarms", "number"],
  ["Budget", "number"],
  ["Promise", ""],
  ["AUC", "number optional"],
];

function record(name, each) {
  return h(
    "tr",
    {},
    h("td", {}, name),
    h("td", { class: "number" }, count(each.wafers)),
    h("td", { class: "number" }, count(each.failures)),
    h("td", { class: "number" }, share(each.recall)),
    h("td", { class: "number" }, share(each.false_alarm_rate)),
    h("td", { class: "number" }, each.budget === null ? "–" : percent(each.budget)),
    h("td", {}, h("span", { class: `verdict ${STATEMENTS[each.statement]}` }, each.statement)),
    h("td", { class: "number optional" }, fixed(each.auc?.value, 2)),
  );
}

/** Two versions on the same wafers, one in the shadow of the other. */
function sideBySide(found) {
  const rows = [
    [found.version, found.standing],
    [found.other, found.other_standing],
  ];
  return [
    h("h4", {}, "In production and in shadow, on the same wafers"),
    table(
      "Two versions on the same wafers",
      [["Version", ""], ...RECORD],
      rows.map(([version, each]) => record(`Version ${version}`, each)),
    ),
  ];
}

/** What the version's wafers turned out to be, by period; `turn` asks for other periods. */
function scorecard(card, turn) {
  const title = h("h3", { id: "scorecard-title" }, "Live scorecard");
  if (card.total.wafers === 0)
    return h(
      "section",
      { class: "card", "aria-labelledby": "scorecard-title" },
      title,
      h(
        "p",
        { class: "small" },
        "No outcomes on unseen wafers yet: of no wafer that this version predicted, and had not learned from, is it known what it turned out to be. Send outcomes on ",
        h("a", { href: "#/runs" }, "Runs"),
        ".",
      ),
    );
  const units = h(
    "select",
    { id: "period", on: { change: () => turn(units.value) } },
    ["day", "week", "month"].map((unit) => h("option", { value: unit, selected: unit === card.unit }, unit)),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "scorecard-title" },
    h("div", { class: "heading" }, title, h("label", { for: "period", class: "small" }, "by "), units),
    h(
      "div",
      { class: "pictures" },
      h("figure", {}, h("figcaption", {}, "False alarms against the promise"), promiseChart(card)),
      h("figure", {}, h("figcaption", {}, "Calibration"), calibrationChart(card)),
    ),
    table("Live scorecard", [["Period", ""], ...RECORD], [...card.periods, card.total].map((each) => record(each.period, each))),
    card.comparison && sideBySide(card.comparison),
    h(
      "p",
      { class: "small" },
      `${fixed(card.total.expected_failures, 1)} failing wafers were expected, ${count(card.total.failures)} came. Intervals are exact binomial ones of 90 %. ${many(card.in_training, "wafer")} of the training set left out.`,
    ),
  );
}

const WAYS = [
  ["forward", "Forward in time"],
  ["whole_files", "Whole files held out"],
  ["random", "Held out at random"],
];
const twoLines = (above, below) => [above, h("div", { class: "small" }, below)];
const ranking = ({ value, low, high }) => twoLines(fixed(value), `${fixed(low)} to ${fixed(high)}`);
const counted = (number, of, figure) =>
  figure
    ? twoLines(
        `${count(number)} of ${count(of)}, ${percent(figure.value)}`,
        `${percent(figure.low)} to ${percent(figure.high)}`,
      )
    : "–";
const found = (each, { found: number, recall }) => counted(number, each.failures, recall);
const misled = (each, { false_alarms: number, false_alarm_rate: rate }) =>
  counted(number, each.wafers - each.failures, rate);

/** What to expect of the next batch: the version tested forward in time, on whole files, and at random. */
function nextBatch({ held_out: ways, false_alarm_budget: budget }) {
  const { forward } = ways;
  const rows = [
    ["AUC", (each) => ranking(each.auc), "0.500"],
    ["PR AUC", (each) => ranking(each.pr_auc), fixed(ways.random.failures / ways.random.wafers)],
    ["Failures found", (each) => found(each, each.recent), percent(budget)],
    ["False alarms", (each) => misled(each, each.recent), percent(budget)],
    ["Failures found, fixed threshold", (each) => found(each, each.fixed), percent(budget)],
    ["False alarms, fixed threshold", (each) => misled(each, each.fixed), percent(budget)],
  ];
  const columns = [["Figure", ""], ...WAYS.map(([, title]) => [title, "number"]), ["Chance", "number"]];
  const cells = rows.map(([title, value, chance]) =>
    h(
      "tr",
      {},
      h("td", {}, title),
      WAYS.map(([way]) => h("td", { class: "number" }, ways[way] ? value(ways[way]) : "–")),
      h("td", { class: "number" }, chance),
    ),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "next-title" },
    h("h3", { id: "next-title" }, "What to expect of the next batch"),
    table("Tested in three ways", columns, cells),
    forward?.files.length > 1
      ? overTime(forward, budget)
      : h("p", { class: "small" }, forward ? "" : "Too few failures or files to test it forward in time."),
    h(
      "p",
      { class: "small" },
      "Forward: models of earlier files were asked about later ones. Whole files: about files that they never saw. Random: about wafers between those learned from. Found and false alarms are those of verdicts by rank: the top of the recent scores is flagged. Fixed: if the threshold of the training were followed. Below each figure is its 90 % interval.",
    ),
  );
}

function overTime(forward, budget) {
  const columns = [
    ["File", ""],
    ["Wafers", "number"],
    ["Failing", "number"],
    ["AUC", "number"],
    ["Found", "number"],
    ["False alarms", "number"],
    ["Found, fixed", "number"],
    ["False alarms, fixed", "number"],
  ];
  const row = (each) => [
    count(each.wafers),
    count(each.failures),
    fixed(each.auc),
    ...[each.recent, each.fixed].flatMap((rule) => [
      `${count(rule.found)} of ${count(each.failures)}`,
      percent(rule.false_alarm_rate?.value),
    ]),
  ];
  const cells = forward.files.map((each) =>
    h("tr", {}, h("td", {}, each.name), row(each).map((value) => h("td", { class: "number" }, value))),
  );
  return [
    h(
      "figure",
      { class: "over-time" },
      forwardChart(forward, budget),
      h(
        "figcaption",
        { class: "small" },
        h("i", { class: "key-square" }),
        " AUC (50 is chance) ",
        h("i", { class: "key-line" }),
        " false alarms, fixed threshold ",
        h("i", { class: "key-line second" }),
        " false alarms by rank ",
        h("i", { class: "key-chance" }),
        " budget",
      ),
    ),
    h("details", {}, h("summary", {}, "File by file"), table("Forward in time, file by file", columns, cells)),
  ];
}

function figures(curves) {
  const tiles = curves.figures.map(({ name, value, low, high, chance }) => {
    const [title, meaning] = FIGURES[name] ?? [name, ""];
    return h(
      "div",
      { title: meaning },
      h("dt", {}, title),
      h("dd", {}, fixed(value)),
      h(
        "dd",
        { class: "small" },
        low === null ? `chance ${fixed(chance)}` : `${fixed(low)} to ${fixed(high)} · chance ${fixed(chance)}`,
      ),
    );
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "figures-title" },
    h("h3", { id: "figures-title" }, "With wafers held out at random"),
    h("dl", { class: "tiles figures" }, tiles),
    h(
      "p",
      { class: "small" },
      `Measured out of fold on ${many(curves.wafers, "wafer")} (${count(curves.failures)} failing). Intervals cover 90 % of bootstrap resamples. The threshold for a false-alarm budget of ${percent(curves.false_alarm_budget)} is ${fixed(curves.threshold)}.`,
    ),
  );
}

function pictures(curves) {
  const value = (name) => curves.figures.find((each) => each.name === name)?.value ?? 0;
  const picture = (title, chart) => h("figure", { class: "card" }, h("figcaption", {}, title), chart);
  return h(
    "div",
    { class: "pictures" },
    picture("ROC", rocChart(curves, value("auc"))),
    picture("Precision and recall", precisionChart(curves, value("pr_auc"))),
    picture("Calibration", calibrationChart(curves)),
    h(
      "p",
      { class: "small legend" },
      h("i", { class: "key-mark" }),
      " at the model's false-alarm budget ",
      h("i", { class: "key-chance" }),
      " chance, or perfect calibration",
    ),
  );
}

function clusters(curves) {
  const families = Object.keys(curves.families);
  const columns = [
    ["Cluster", ""],
    ["Wafers", "number"],
    ["Failing", "number"],
    ["Model family", ""],
    ...families.map((family) => [`AUC ${curves.families[family]}`, "number"]),
  ];
  const rows = curves.clusters.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, String(each.cluster)),
      h("td", { class: "number" }, count(each.wafers)),
      h("td", { class: "number" }, `${count(each.failures)} (${percent(each.failures / each.wafers, 1)})`),
      h("td", {}, curves.families[each.family]),
      families.map((family) =>
        h("td", { class: each.family === family ? "number best" : "number" }, fixed(each.auc[family])),
      ),
    ),
  );
  return h(
    "section",
    { class: "card", "aria-labelledby": "clusters-title" },
    h("h3", { id: "clusters-title" }, "Clusters"),
    table("Clusters", columns, rows),
  );
}

// Results: the wafers of a prediction run, most suspicious first, and what another false-alarm budget would mean.

import * as api from "./api.js";
import { announce, empty, failure, h, loading, put } from "./dom.js";
import { count, fixed, fullMoment, many, moment, percent, sourceName } from "./format.js";
import { waferView } from "./wafer.js";

const AT_ONCE = 10_000; // wafers a request
const ROWS = 200; // wafers shown before `Show more`
const NARROW = "(max-width: 860px)"; // as in page.css: the panel is below the list
const FILTERS = [
  ["look", "To review"],
  ["fail", "Fail"],
  ["inspect", "Inspect"],
  ["pass", "Pass"],
  ["all", "All"],
];

export function resultsScreen(main, may) {
  const picker = h("select", { id: "which", on: { change: () => (location.hash = `#/results/${picker.value}`) } });
  const tools = h("div", { class: "actions" });
  const body = h("div", { class: "results-body" }, loading("the results"));
  let shown = "";
  let closed = false;
  main.replaceChildren(
    h(
      "div",
      { class: "results" },
      h(
        "div",
        { class: "bar-top" },
        h("h1", {}, "Results"),
        h("label", { for: "which", class: "unseen" }, "Prediction run"),
        picker,
        tools,
      ),
      body,
    ),
  );

  async function go(runId) {
    try {
      const page = await api.get("/runs?pipeline=predict&state=succeeded&limit=100");
      if (closed) return;
      const known = page.runs.some((each) => each.run_id === runId);
      const wanted = runId || page.runs[0]?.run_id;
      put(
        picker,
        page.runs.map((each) =>
          h("option", { value: each.run_id }, `${sourceName(each.source)} · ${moment(each.created)}`),
        ),
        runId && !known && h("option", { value: runId }, runId),
        page.runs.length === 0 && !runId && h("option", { value: "" }, "No prediction yet"),
      );
      picker.disabled = page.runs.length === 0;
      if (!wanted)
        return put(
          body,
          empty(
            "No prediction yet",
            "Upload unlabelled batches and start a prediction on ",
            h("a", { href: "#/runs" }, "Runs"),
            ". The wafers then appear here, most suspicious first.",
          ),
        );
      picker.value = wanted;
      if (wanted === shown) return;
      await open(wanted);
    } catch (problem) {
      if (!closed)
        put(
          body,
          problem.status === 404 ? empty("No wafers to show", problem.detail) : failure(problem, () => go(runId)),
        );
    }
  }

  async function open(runId) {
    shown = runId;
    put(body, loading("the wafers"));
    put(tools);
    const at = encodeURIComponent(runId);
    try {
      const [run, page, budgets] = await Promise.all([
        api.get(`/runs/${at}`),
        allWafers(at),
        api.find(`/runs/${at}/budgets`),
      ]);
      if (closed || shown !== runId) return;
      put(
        tools,
        h("a", { class: "button", href: `/runs/${at}/predictions.csv`, download: true }, "Download CSV"),
        h("a", { class: "button", href: `/runs/${at}/report`, target: "_blank", rel: "noopener" }, "Report"),
        h("a", { class: "button", href: `#/runs/${at}` }, "Run"),
      );
      if (page.total === 0 || !budgets)
        return put(
          body,
          empty("No wafer was predicted", "Every file or row of this run was refused. The run shows the reasons."),
        );
      put(body, rankedWafers(run, page, budgets, may));
    } catch (problem) {
      shown = "";
      throw problem;
    }
  }

  return {
    go,
    again: () => go(shown),
    close: () => (closed = true),
  };
}

async function allWafers(at) {
  const first = await api.get(`/runs/${at}/predictions?limit=${AT_ONCE}`);
  for (let next = first.next; next !== null;) {
    const page = await api.get(`/runs/${at}/predictions?limit=${AT_ONCE}&offset=${next}`);
    first.predictions.push(...page.predictions);
    next = page.next;
  }
  return first;
}

function rankedWafers(run, page, { budgets, current, wafers: unseen, in_training: learned, model_version: version }, may) {
  const everything = page.predictions;
  const forecasts = everything.filter((wafer) => !wafer.in_training);
  let wafers = unseen > 0 ? forecasts : everything;
  const own = nearest(budgets, current);
  const threshold = everything[0].threshold;
  const judged = run.stages.find((each) => each.name === "predict")?.counts ?? {};
  const byRank = judged.threshold_rule === "recent";
  const detail = h("aside", { class: "card wafer", "aria-label": "Selected wafer", tabindex: "0" });
  const rows = h("tbody", {});
  const tally = h("p", { class: "small" });
  const sentence = h("output", { class: "means", for: "budget-slider", id: "budget-means" });
  const aside = h("div", { class: "actions" });
  const slider = h("input", {
    id: "budget-slider",
    type: "range",
    min: "0",
    max: String(budgets.length - 1),
    step: "1",
    value: String(own),
    on: { input: slide },
  });
  const value = h("strong", { class: "budget-value" });
  const search = h("input", {
    id: "search",
    type: "search",
    placeholder: "Wafer",
    "aria-label": "Find a wafer",
    spellcheck: "false",
    on: { input: () => render() },
  });
  const seen = h("input", {
    type: "checkbox",
    id: "seen",
    checked: unseen === 0,
    disabled: unseen === 0,
    on: { change: () => ((wafers = seen.checked ? everything : forecasts), slide()) },
  });
  const filters = h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Verdicts to show" },
    FILTERS.map(([name, title]) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "verdict",
          value: name,
          checked: name === "look",
          on: { change: () => ((filter = name), (limit = ROWS), render()) },
        }),
        h("span", {}, title, " ", h("i", { "data-count": name })),
      ),
    ),
  );
  const more = h(
    "button",
    { type: "button", class: "more", on: { click: () => ((limit += 5 * ROWS), render()) } },
    "Show more",
  );
  let filter = "look";
  let limit = ROWS;
  let chosen = "";
  let ranked = [];
  const touched = () => Number(slider.value) !== own;
  const ranks = () => byRank && !touched(); // what the training knows of its own threshold says nothing of this one
  const cut = () => (touched() ? budgets[Number(slider.value)].threshold : threshold);

  /** The verdict at the slider's threshold; a wafer unlike the training wafers keeps the verdict inspect. */
  const verdict = (wafer) => (wafer.verdict === "inspect" ? "inspect" : wafer.probability >= cut() ? "fail" : "pass");

  function slide() {
    const at = budgets[Number(slider.value)];
    value.textContent = percent(touched() ? at.budget : current, touched() || Number.isInteger(current * 100) ? 0 : 1);
    slider.setAttribute(
      "aria-valuetext",
      `${percent(at.budget)}: flags ${at.flagged}, ${falseAlarms(at.false_alarms)}`,
    );
    const unlike = wafers.filter((wafer) => wafer.verdict === "inspect" && !(wafer.probability >= cut())).length;
    put(
      sentence,
      h(
        "span",
        { class: "figure" },
        h("b", { id: "flagged" }, count(ranks() ? wafers.filter((each) => each.probability >= threshold).length : at.flagged)),
        ` of ${many(ranks() ? wafers.length : unseen, "wafer")} flagged`,
      ),
      !ranks() && (at.false_alarms
        ? h(
            "span",
            {
              class: "figure",
              title: "By what the flagged wafers among those held out in training were; 90 % interval. A line that has moved may do worse.",
            },
            "about ",
            h("b", { id: "false-alarms" }, count(Math.round(at.false_alarms.expected))),
            ` of them false alarms (${span(at.false_alarms)})`,
          )
        : h("span", { class: "figure" }, "how many of them are false alarms is not known")),
      !ranks() && h("span", { class: "figure" }, "finds ", h("b", {}, percent(at.recall)), " of failing wafers"),
      unlike > 0 && h("span", { class: "figure" }, "and ", h("b", {}, count(unlike)), " more to inspect at any budget"),
      h("span", { class: "figure" }, "threshold ", h("b", {}, fixed(touched() ? at.threshold : threshold))),
    );
    put(
      aside,
      !touched() && judged.threshold_note && h("span", { class: "small" }, judged.threshold_note),
      touched() && h("span", { class: "small" }, `The CSV and the report use the run's budget, ${percent(current, 0)}.`),
      touched() &&
        h(
          "button",
          { type: "button", "data-key": "back", on: { click: () => ((slider.value = String(own)), slide()) } },
          `Reset to ${percent(current, 0)}`,
        ),
      touched() &&
        may.start &&
        h(
          "button",
          { type: "button", "data-key": "again", on: { click: predictAgain } },
          `Predict again at ${percent(at.budget)}`,
        ),
    );
    rank();
  }

  async function predictAgain() {
    try {
      const { source, parameters } = run;
      const budget = budgets[Number(slider.value)].budget;
      const found = await api.post("/predict", {
        source,
        schema: parameters.schema ?? "",
        policy: parameters.policy ?? "",
        false_alarm_budget: budget,
        threshold: parameters.threshold ?? "",
      });
      location.hash = `#/runs/${found.run_id}`;
    } catch (problem) {
      put(aside, failure(problem));
    }
  }

  function rank() {
    const order = { fail: 0, inspect: 0, pass: 1 };
    ranked = wafers.map((wafer) => ({ wafer, verdict: verdict(wafer) }));
    ranked.sort(
      (a, b) =>
        order[a.verdict] - order[b.verdict] ||
        Number(a.wafer.in_training) - Number(b.wafer.in_training) ||
        (b.wafer.probability ?? 0) - (a.wafer.probability ?? 0) ||
        a.wafer.rank - b.wafer.rank,
    );
    ranked.forEach((each, at) => (each.rank = at + 1));
    render();
  }

  function render() {
    const words = search.value.trim().toLowerCase();
    const counts = { all: ranked.length, look: 0, fail: 0, inspect: 0, pass: 0 };
    for (const each of ranked) counts[each.verdict] += 1;
    counts.look = counts.fail + counts.inspect;
    for (const each of filters.querySelectorAll("[data-count]")) each.textContent = count(counts[each.dataset.count]);
    const fits = ({ verdict, wafer }) =>
      (filter === "all" || filter === verdict || (filter === "look" && verdict !== "pass")) &&
      (!words || wafer.wafer.toLowerCase().includes(words));
    const found = ranked.filter(fits);
    put(
      rows,
      found.length > 0
        ? found.slice(0, limit).map(line)
        : h(
            "tr",
            {},
            h(
              "td",
              { colspan: "6", class: "none" },
              words ? "No wafer matches the search." : "No wafer in this group at this budget.",
            ),
          ),
    );
    more.hidden = found.length <= limit;
    tally.textContent =
      found.length > limit
        ? `${count(limit)} of ${many(found.length, "wafer")} shown`
        : `${many(found.length, "wafer")} shown`;
    const still = found.find((each) => each.wafer.wafer === chosen);
    if (!still && found.length > 0) choose(found[0]);
    else if (still) mark();
  }

  const line = (each) => {
    const { wafer } = each;
    const reason = wafer.top_sensors[0];
    return h(
      "tr",
      { "data-wafer": wafer.wafer, on: { click: () => open(each) } },
      h("td", { class: "number rank" }, String(each.rank)),
      h(
        "td",
        {},
        h(
          "button",
          { type: "button", class: "link", "data-key": `wafer ${wafer.wafer}` },
          wafer.wafer,
        ),
      ),
      h("td", {}, h("span", { class: `verdict ${each.verdict}` }, each.verdict)),
      h(
        "td",
        { class: "number" },
        fixed(wafer.probability),
        h("span", { class: "meter", "aria-hidden": "true" }, meter(wafer.probability)),
      ),
      h("td", { class: "number optional" }, String(wafer.cluster ?? "–")),
      h("td", { class: "optional" }, reason ? reason.sensor : ""),
    );
  };

  function meter(probability) {
    const bar = h("i", {});
    bar.style.width = `${Math.min(100, 100 * (probability ?? 0))}%`;
    return bar;
  }

  function choose(each) {
    chosen = each.wafer.wafer;
    waferView(detail, each, { runId: run.run_id, version, cut: cut() });
    mark();
  }

  /** Choose a wafer by hand; where the panel is below the list, go to it. */
  function open(each) {
    choose(each);
    if (!matchMedia(NARROW).matches) return;
    detail.prepend(h("button", { type: "button", class: "quiet back", on: { click: backToList } }, "← Back to the list"));
    detail.scrollIntoView();
    detail.focus({ preventScroll: true });
  }

  function backToList() {
    const row = [...rows.children].find((each) => each.dataset.wafer === chosen);
    row?.querySelector("button").focus();
    row?.scrollIntoView({ block: "center" });
  }

  function mark() {
    for (const row of rows.children) {
      if (row.dataset.wafer === chosen) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    }
  }

  /** Up and down arrows go through the wafers. */
  function step(event) {
    const by = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = by && event.target.closest("tr")?.[by];
    if (!next) return;
    event.preventDefault();
    const each = ranked.find(({ wafer }) => wafer.wafer === next.dataset.wafer);
    if (!each) return;
    choose(each);
    next.querySelector("button").focus();
  }

  rows.addEventListener("keydown", step);
  slide();
  announce(
    `${many(everything.length, "wafer")}: ${count(page.counts.fail)} fail, ${count(page.counts.inspect)} inspect.`,
  );
  const columns = [
    ["#", "number"],
    ["Wafer", ""],
    ["Verdict", ""],
    ["Probability", "number"],
    ["Cluster", "number optional"],
    ["Top sensor", "optional"],
  ];
  return [
    h(
      "section",
      { class: "card budget", "aria-labelledby": "budget-title" },
      h(
        "div",
        { class: "slide" },
        h("label", { for: "budget-slider", id: "budget-title" }, "False-alarm budget"),
        value,
        slider,
      ),
      sentence,
      aside,
    ),
    h(
      "div",
      { class: "split" },
      h(
        "section",
        { class: "card flush", "aria-label": "Ranked wafers" },
        h("div", { class: "bar-table" }, filters, search),
        learned > 0 &&
          h(
            "p",
            { class: "small seen" },
            seen,
            " ",
            h("label", { for: "seen" }, `Show the ${many(learned, "wafer")} that the model learned from; their outcomes are no forecasts.`),
          ),
        h(
          "div",
          { class: "scroll tall", role: "region", "aria-label": "Wafers, most suspicious first", tabindex: "0" },
          h(
            "table",
            { class: "wafers" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                columns.map(([title, kind]) => h("th", { scope: "col", class: kind }, title)),
              ),
            ),
            rows,
          ),
          more,
        ),
        h(
          "div",
          { class: "foot" },
          tally,
          h("p", { class: "small" }, `Model version ${version} · ${fullMoment(run.finished)}`),
        ),
      ),
      detail,
    ),
  ];
}

const span = ({ low, high }) => `${count(Math.round(low))} to ${count(Math.round(high))}`;

const falseAlarms = (found) =>
  found ? `about ${Math.round(found.expected)} false alarms, ${span(found)}` : "false alarms not known";

function nearest(budgets, wanted) {
  let best = 0;
  budgets.forEach((each, at) => {
    if (Math.abs(each.budget - wanted) < Math.abs(budgets[best].budget - wanted)) best = at;
  });
  return best;
}

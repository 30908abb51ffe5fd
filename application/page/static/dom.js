// Elements from plain calls: text stays text, whatever a file or a wafer is called.

const SVG = "http://www.w3.org/2000/svg";

/** A path of the service as the browser reaches it: a proxy may show the service below a prefix. */
export const placed = (path) => (path.startsWith("/") ? new URL(`.${path}`, document.baseURI).href : path);

/** An HTML element; `on` holds listeners, other names are attributes, null and false leave one out. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : name === "href" ? placed(value) : value);
    }
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Replace the children of an element; what had the focus has it again, found by its `data-key`. */
export function put(element, ...children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Announce a sentence to screen readers. */
export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

/** A table in a region that scrolls by keyboard too; `columns` are [title, class]. */
export function table(label, columns, rows, className = "") {
  return h(
    "div",
    { class: `scroll ${className}`, role: "region", "aria-label": label, tabindex: "0" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map(([title, kind]) => h("th", { scope: "col", class: kind }, title)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

/** The placeholder of an empty place: a title, and what to do. */
export const empty = (title, ...words) =>
  h("div", { class: "empty" }, h("h2", {}, title), words.length > 0 && h("p", {}, words));

/** The placeholder while something loads. */
export const loading = (what) => h("p", { class: "loading", role: "status" }, `Loading ${what}…`);

/** A refusal or failure for a person; `again` is tried by a button. */
export function failure(problem, again) {
  return h(
    "div",
    { class: "notice fail", role: "alert" },
    h("p", {}, h("strong", {}, problem.title ?? "Something went wrong."), " ", problem.detail),
    problem.code &&
      h("p", { class: "small" }, h("code", {}, problem.code), problem.requestId && ` · request ${problem.requestId}`),
    again && h("button", { type: "button", on: { click: again } }, "Try again"),
  );
}

/**
 * A dialog that asks before something is done. When `act` fails, the dialog stays and shows why.
 * With `question` it has a line for the person's own words, which `act` is given; `fields` are further elements.
 */
export function confirm({ title, words, fields = [], verb, keep = "Cancel", question, act }) {
  const messages = h("div", {});
  const answer = h("input", { id: "dialog-answer", type: "text", maxlength: "1000", autocomplete: "off" });
  const go = h("button", { type: "button", class: "primary" }, verb);
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h("h2", { id: "dialog-title" }, title),
    words.map((each) => h("p", {}, each)),
    fields,
    question && h("div", { class: "field" }, h("label", { for: "dialog-answer" }, question), answer),
    messages,
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", on: { click: () => dialog.close() } }, keep),
      go,
    ),
  );
  go.addEventListener("click", async () => {
    go.disabled = true;
    try {
      await act(answer.value.trim());
      dialog.close();
    } catch (problem) {
      messages.replaceChildren(failure(problem));
      go.disabled = false;
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

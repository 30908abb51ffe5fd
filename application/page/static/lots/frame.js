// What the screens of the past have in common: their tabs, a card for what to show, and the body below it.

import { h, loading } from "../dom.js";
import { tabs } from "./tabs.js";

export function frame(main, title, tab, what) {
  const tools = h("div", { class: "choices" });
  const body = h("div", { class: "history-body" }, loading(what));
  main.replaceChildren(
    h("div", { class: "bar-top" }, h("h1", {}, title), tabs(tab)),
    h("section", { class: "card", "aria-label": "What to show" }, tools),
    body,
  );
  return { tools, body };
}

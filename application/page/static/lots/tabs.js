// What the history shows, side by side: lots, drift, the live scorecard.

import { h } from "../dom.js";

const TABS = { lots: "Lots", drift: "Drift", scorecard: "Scorecard" };

export const tabs = (shown) =>
  h(
    "nav",
    { class: "tabs", "aria-label": "History" },
    Object.entries(TABS).map(([screen, words]) => h("a", { href: `#/${screen}`, "aria-current": screen === shown ? "page" : null }, words)),
  );

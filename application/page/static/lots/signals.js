// What the control limits say of a lot, in words and in colour.

import { h } from "../dom.js";
import { percent } from "../format.js";

const WORDS = {
  above: ["fail", "above the limits"],
  "run above": ["inspect", "eight in a row above"],
  below: ["pass", "below the limits"],
};

export const signalBadges = (signals) => signals.map((each) => h("span", { class: `verdict ${WORDS[each][0]}` }, WORDS[each][1]));

export const signalWords = (signals) => signals.map((each) => WORDS[each][1]).join(", ");

/** Whether a lot stands out for the worse. */
export const standsOut = ({ chart }) => chart.signals.some((each) => each !== "below");

/** Between which rates chance keeps a lot of this size. */
export const limits = ({ rate, low, high }) => (rate === null ? "–" : `${percent(low)} to ${percent(high)}`);

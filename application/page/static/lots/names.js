// What the parts of the history are called: batches, predictions, days, or a column of the line itself.

const NOUNS = { file: "batch", run: "prediction", day: "day", week: "week", month: "month" };

/** A way to part the history, as a person chooses it. */
export const wayOf = (by) => NOUNS[by] ?? by;

/** One part of the history; a column of the line is called as the line calls it: a tool, a carrier, a lot. */
export const nounOf = (by) => NOUNS[by] ?? (/lot/i.test(by) ? "lot" : by.replace(/[\s_-]*(id|no|nr|number|name)$/i, "").toLowerCase() || "lot");

/** The same where a sentence begins. */
export const titled = (noun) => noun[0].toUpperCase() + noun.slice(1);

export const nameOf = (lot) => lot || "(none)";

/** A figure of the wafers that the model did not learn from; nothing where it learned from all of them. */
export const judged = (lot, figure) => (lot.learned < lot.wafers ? figure : null);

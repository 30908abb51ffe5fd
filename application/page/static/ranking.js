// Ranking: what each wafer of a run is at a threshold, and which of them are the most suspicious.

const ORDER = { fail: 0, inspect: 0, pass: 1 };

/** The verdict at a threshold; a wafer unlike the training wafers keeps the verdict inspect. */
export const verdictAt = (wafer, cut) =>
  wafer.verdict === "inspect" ? "inspect" : wafer.probability >= cut ? "fail" : "pass";

/** Wafers with verdict and rank at a threshold, most suspicious first; what the model learned from never leads. */
export function ranking(wafers, cut) {
  const ranked = wafers.map((wafer) => ({ wafer, verdict: verdictAt(wafer, cut) }));
  ranked.sort(
    (a, b) =>
      ORDER[a.verdict] - ORDER[b.verdict] ||
      Number(a.wafer.in_training) - Number(b.wafer.in_training) ||
      (b.wafer.probability ?? 0) - (a.wafer.probability ?? 0) ||
      a.wafer.rank - b.wafer.rank,
  );
  ranked.forEach((each, at) => (each.rank = at + 1));
  return ranked;
}

/** How many wafers have each verdict; `look` are those to review. */
export function tallied(ranked) {
  const counts = { all: ranked.length, look: 0, fail: 0, inspect: 0, pass: 0 };
  for (const each of ranked) counts[each.verdict] += 1;
  counts.look = counts.fail + counts.inspect;
  return counts;
}

// What a wafer is at a threshold.

/** The verdict at a threshold; a wafer unlike the training wafers keeps the verdict inspect. */
export const verdictAt = (wafer, cut) =>
  wafer.verdict === "inspect" ? "inspect" : wafer.probability >= cut ? "fail" : "pass";

// The dialogs before production changes.

import { confirm } from "../dom.js";

const WHY = "Your reason (kept with your name and the time)";

/** Ask whether to put a version into production; `change` does it, with the version that was there meanwhile. */
export function askPromote(model, found, change) {
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

/** Ask whether to restore the version that was in production before. */
export function askRollback(earlier, found, change) {
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

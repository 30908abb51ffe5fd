// The list that is shown as a file: the server is asked for it in the same words.

import { queryOf } from "./address.js";
import { h, placed, put } from "./dom.js";

const FORMS = [
  ["csv", "CSV of this list"],
  ["xlsx", "XLSX of this list"],
];

/** The links; `asked()` is the state of the list, and `renew()` follows it. */
export function exportLinks(runId, asked) {
  const element = h("p", { class: "exports small" });

  function renew() {
    put(
      element,
      FORMS.map(([form, title]) => {
        const query = queryOf({ form, ...asked() });
        return h("a", { href: placed(`/runs/${encodeURIComponent(runId)}/export?${query}`), download: true }, title);
      }),
    );
  }

  return { element, renew };
}

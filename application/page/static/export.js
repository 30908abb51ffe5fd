// The list that is shown as a file: the server is asked for it in the same words.

import { h, placed, put } from "./dom.js";

const FORMS = [
  ["csv", "CSV of this list"],
  ["xlsx", "XLSX of this list"],
];
const ONLY_HERE = "disposition"; // the page sorts by it, the server does not

/** The links; `asked()` is the state of the list, and `renew()` follows it. */
export function exportLinks(runId, asked) {
  const element = h("p", { class: "exports small" });

  function renew() {
    const { sort, ...state } = asked();
    const known = { ...state, sort: sort.endsWith(ONLY_HERE) ? "" : sort };
    const words = Object.entries(known).filter(([, value]) => value !== "" && value !== false);
    put(
      element,
      FORMS.map(([form, title]) => {
        const query = new URLSearchParams([["form", form], ...words.map(([name, value]) => [name, String(value)])]);
        return h("a", { href: placed(`/runs/${encodeURIComponent(runId)}/export?${query}`), download: true }, title);
      }),
    );
  }

  return { element, renew };
}

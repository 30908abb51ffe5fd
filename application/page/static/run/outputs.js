// The files of a run.

import { h } from "../dom.js";
import { bytes } from "../format.js";

export function files(run) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "files-title" },
    h("h3", { id: "files-title" }, "Output files"),
    h(
      "ul",
      { class: "outputs" },
      run.outputs.map((each) =>
        h(
          "li",
          {},
          h(
            "a",
            { href: each.href, target: each.media_type === "text/html" ? "_blank" : null, rel: "noopener" },
            each.name,
          ),
          h("span", { class: "small" }, bytes(each.bytes)),
        ),
      ),
    ),
  );
}

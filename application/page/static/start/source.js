// Where a run's batches come from, when none are uploaded for it.

import { h, put } from "../dom.js";
import { bytes, many, sourceName } from "../format.js";

const OTHER = "other";

/** The list of sources; `changed` is called when a person chooses another one. */
export function sourcePicker(changed) {
  const picker = h("select", { id: "source", on: { change: () => (turn(), changed()) } });
  const address = h("input", { id: "address", type: "text", spellcheck: "false", maxlength: "1000" });
  const addressField = h(
    "div",
    { class: "field", hidden: true },
    h("label", { for: "address" }, "Folder or S3 prefix inside a configured source"),
    address,
  );

  function turn() {
    addressField.hidden = picker.value !== OTHER;
  }

  function offer({ sources, configured }, wanted, pipeline) {
    const own = sources.filter((each) => each.pipeline === pipeline);
    const others = sources.filter((each) => each.pipeline !== pipeline);
    put(
      picker,
      sources.length + configured.length === 0 && h("option", { value: "" }, "No batches yet: drop files above"),
      own.length + configured.length === 0 && others.length > 0 && h("option", { value: "" }, "Drop files above, or choose"),
      own.length > 0 && h("optgroup", { label: "Batch sets" }, own.map(batchSet)),
      configured.length > 0 &&
        h(
          "optgroup",
          { label: "Other sources" },
          configured.map((each) => h("option", { value: each }, each)),
          h("option", { value: OTHER }, "A folder inside one of these…"),
        ),
      others.length > 0 && h("optgroup", { label: "Uploaded for another kind of run" }, others.map(batchSet)),
    );
    if ([...picker.options].some((each) => each.value === wanted)) picker.value = wanted;
    turn();
  }

  return {
    element: h("div", { class: "field" }, h("label", { for: "source" }, "Batches"), picker, addressField),
    /** Fill the list, what was uploaded for this kind of run first; the one named is chosen. */
    offer,
    /** What is chosen in the list. */
    chosen: () => picker.value,
    /** The source that is meant: the one chosen, or the address that was typed. */
    named: () => (picker.value === OTHER ? address.value.trim() : picker.value),
  };
}

const batchSet = ({ source, files, bytes: size }) =>
  h("option", { value: source }, `${sourceName(source)} · ${many(files, "file")}, ${bytes(size)}`);

// Where files for a run are dropped or chosen.

import { h } from "../dom.js";

/** The place to drop on, which opens the file chooser too; `take` gets the files. `watch(form)` takes what falls on it. */
export function dropPlace(take) {
  const chooser = h("input", {
    id: "files",
    type: "file",
    multiple: true,
    accept: ".csv,text/csv",
    class: "unseen",
    on: { change: () => (take(chooser.files), (chooser.value = "")) },
  });
  const element = h(
    "label",
    { class: "drop", for: "files" },
    h("span", {}, h("strong", {}, "Drop CSV batches here"), " or choose files"),
    chooser,
  );

  function watch(form) {
    form.addEventListener("dragover", (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
    form.addEventListener("dragleave", (event) => {
      if (!form.contains(event.relatedTarget)) form.classList.remove("over");
    });
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      form.classList.remove("over");
      take(event.dataTransfer.files);
    });
  }

  return { element, watch };
}

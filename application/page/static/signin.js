// The way in for a browser that has no session.

import { failure, h } from "./dom.js";

export function signInScreen(main, linkUsed, signIn) {
  const said = h("div", {});
  const key = h("input", {
    id: "key",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
  });
  const submit = async (event) => {
    event.preventDefault();
    said.replaceChildren();
    try {
      await signIn(key.value.trim());
    } catch (problem) {
      said.replaceChildren(failure(problem));
      key.select();
    }
  };
  main.replaceChildren(
    h(
      "section",
      { class: "card signin" },
      h("h1", {}, "Sign in"),
      linkUsed &&
        h(
          "div",
          { class: "notice inspect", role: "alert" },
          h(
            "p",
            {},
            "That link was used before; it works once. Start ",
            h("code", {}, "wafer serve"),
            " again for a new one, or sign in with an API key.",
          ),
        ),
      h(
        "form",
        { on: { submit } },
        h("label", { for: "key" }, "API key"),
        key,
        h("button", { class: "primary" }, "Sign in"),
        said,
      ),
      h(
        "p",
        { class: "small" },
        "On your own machine, open the link that ",
        h("code", {}, "wafer serve"),
        " printed. Elsewhere, an administrator makes a key with ",
        h("code", {}, "wafer keys add NAME --role operator"),
        ".",
      ),
    ),
  );
  key.focus();
}

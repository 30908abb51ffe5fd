// The sign-in form for a browser without a session.

import { failure, h } from "./dom.js";

/** `used`: the link was used before; `left`: who signed in with it has signed out; `ended`: the session is over. */
export function signInScreen(main, { used, left, ended }, signIn) {
  const messages = h("div", {});
  const key = h("input", {
    id: "key",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
  });
  const submit = async (event) => {
    event.preventDefault();
    messages.replaceChildren();
    try {
      await signIn(key.value.trim());
    } catch (problem) {
      messages.replaceChildren(failure(problem));
      key.select();
    }
  };
  main.replaceChildren(
    h(
      "section",
      { class: "card signin" },
      h("h1", {}, "Sign in"),
      ended &&
        h(
          "div",
          { class: "notice inspect", role: "alert" },
          h("p", {}, "Your session has ended: it expired, or its key was revoked. Sign in again; what you typed is still here."),
        ),
      left &&
        h(
          "div",
          { class: "notice", role: "status" },
          h("p", {}, "You are signed out. To come back, open the new link that ", h("code", {}, "wafer serve"), " has just printed."),
        ),
      used &&
        h(
          "div",
          { class: "notice inspect", role: "alert" },
          h(
            "p",
            {},
            "This link was already used; it works once. Restart ",
            h("code", {}, "wafer serve"),
            " for a new link, or sign in with an API key.",
          ),
        ),
      h(
        "form",
        { on: { submit } },
        h("label", { for: "key" }, "API key"),
        key,
        h("button", { class: "primary" }, "Sign in"),
        messages,
      ),
      h(
        "p",
        { class: "small" },
        "On your own machine, open the link printed by ",
        h("code", {}, "wafer serve"),
        ". On a shared service, ask an administrator for a key (",
        h("code", {}, "wafer keys add NAME --role operator"),
        ").",
      ),
    ),
  );
  key.focus();
}

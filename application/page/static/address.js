// The address of a screen: `#/results/<run>?sort=-probability&wafer=W-1`. What a person set stands in it, so that a link
// shows the same, and Back takes the last step back.

/** The screen, the place in it, and its state as an object of strings. */
export function address(hash = location.hash) {
  const [path, query = ""] = divided(hash.replace(/^#\/?/, ""), "?");
  const [screen, ...place] = path.split("/").map(decoded);
  return { screen, place: place.join("/"), state: Object.fromEntries(new URLSearchParams(query)) };
}

/** The hash of a screen; state that is empty, null or false is left out. */
export function hashOf(screen, place = "", state = {}) {
  const query = queryOf(state);
  const path = [screen, ...place.split("/")].filter(Boolean).map(encodeURIComponent).join("/");
  return `#/${path}${query && `?${query}`}`;
}

/** The words of a query; what is empty, null or false is left out. */
export function queryOf(words) {
  const set = Object.entries(words).filter(([, value]) => ![undefined, null, false, ""].includes(value));
  return new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
}

/**
 * Write changes of the shown screen's state into its address; an empty value removes a name.
 * With `step` they become a step that Back undoes: then the screen's `go` gets the earlier state.
 */
export function remember(changes, { step = false } = {}) {
  const { screen, place, state } = address();
  const hash = hashOf(screen, place, { ...state, ...changes });
  if (hash === location.hash) return;
  history[step ? "pushState" : "replaceState"](null, "", location.pathname + location.search + hash);
}

function divided(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** A part of a path; one that somebody mistyped stands for itself. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

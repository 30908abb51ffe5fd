// The HTTP interface: every refusal becomes a Problem, every change carries the session's token.

import { placed } from "./dom.js";

const AWAY = {
  code: "",
  title: "The service does not respond.",
  detail: "It may be restarting; this page keeps trying.",
};
const PATIENCE = 5; // attempts at an upload, or a look, that the rate limit refuses

/** Fires `signed-out` when the session is over, `away` and `back` when the service stops and starts to answer. */
export const link = new EventTarget();
let csrf = "";
let skew = 0; // milliseconds that the service's clock is ahead of this one
let away = false;

/** A refusal as the service describes it (RFC 9457). */
export class Problem extends Error {
  constructor(status, details) {
    super(details.detail);
    this.status = status;
    this.title = details.title && `${details.title}.`.replace("..", ".");
    this.detail = details.detail;
    this.code = details.code;
    this.runId = details.run_id;
    this.requestId = details.request_id;
  }
}

/** The service's time in seconds since 1970. */
export const now = () => (Date.now() + skew) / 1000;

export const get = (path, signal) => call("GET", path, { signal });
export const remove = (path) => call("DELETE", path, {});
export const post = (path, body, headers) => call("POST", path, { body, headers });
export const send = (method, path, body) => call(method, path, { body });

/** What is at a path, or null when nothing is there (yet). */
export async function find(path, signal) {
  try {
    return await get(path, signal);
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

export async function session() {
  return remember(await get("/session"));
}

export async function signIn(key) {
  return remember(await call("POST", "/session", { body: { key }, signingIn: true }));
}

export async function signOut() {
  await call("DELETE", "/session", {});
  link.dispatchEvent(new Event("signed-out"));
}

function remember(found) {
  csrf = found.csrf ?? "";
  return found;
}

async function call(method, path, { body, headers, signal, signingIn }) {
  const sent = { ...headers, ...(method === "GET" ? {} : { "X-CSRF-Token": csrf }) };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const asked = { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), signal };
  const response = await answered(path, asked, method === "GET" ? PATIENCE : 0);
  const date = response.headers.get("date");
  if (date) skew = trusted(Date.parse(date) - Date.now());
  if (response.ok) return response.status === 204 ? null : response.json();
  const problem = new Problem(
    response.status,
    await response.json().catch(() => ({ title: "Refused", detail: response.statusText })),
  );
  if (response.status === 401 && !signingIn) link.dispatchEvent(new Event("signed-out"));
  throw problem;
}

/** The answer; a look that the rate limit refuses waits as long as it is told to, and is repeated some times. */
async function answered(path, asked, patience) {
  let response;
  try {
    response = await fetch(placed(path), asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    tell(true);
    throw new Problem(0, AWAY);
  }
  tell(false);
  if (response.status !== 429 || patience === 0) return response;
  await seconds(Number(response.headers.get("retry-after")) || 1);
  return answered(path, asked, patience - 1);
}

const seconds = (some) => new Promise((resolve) => setTimeout(resolve, some * 1000));

/** The header counts whole seconds, so a difference below two of them is none. */
const trusted = (difference) => (Math.abs(difference) < 2000 ? 0 : difference);

/** Send a file; `progress` gets the share that is sent. After a refusal by the rate limit it waits and tries again. */
export async function upload(path, file, progress) {
  for (let attempt = 0; ; attempt += 1) {
    const { status, text, wait } = await put(path, file, progress);
    if (status === 200 || status === 201) return JSON.parse(text);
    if (status === 429 && attempt < PATIENCE) {
      await seconds(wait);
      continue;
    }
    if (status === 401) link.dispatchEvent(new Event("signed-out"));
    throw new Problem(status, status ? parsed(text) : AWAY);
  }
}

function put(path, file, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much is sent
    request.open("PUT", placed(path));
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", "text/csv");
    request.upload.addEventListener(
      "progress",
      (event) => event.lengthComputable && progress(event.loaded / event.total),
    );
    request.addEventListener("loadend", () =>
      resolve({
        status: request.status,
        text: request.responseText,
        wait: Number(request.getResponseHeader("retry-after")) || 1,
      }),
    );
    request.send(file);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { title: "Refused", detail: "The service, or a proxy in front of it, refused the file." };
  }
}

function tell(gone) {
  if (gone !== away) link.dispatchEvent(new Event(gone ? "away" : "back"));
  away = gone;
}

/** Follow a run until it ends; returns what stops following. */
export function follow(runId, changed) {
  let source;
  let timer;
  const open = () => {
    source = new EventSource(placed(`/runs/${encodeURIComponent(runId)}/events`));
    source.addEventListener("run", (event) => {
      tell(false);
      changed(JSON.parse(event.data));
    });
    source.addEventListener("end", () => source.close());
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
      timer = setTimeout(open, 3000);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

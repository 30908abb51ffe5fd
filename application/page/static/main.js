// Who is here, which screen is shown, and whether the service answers.

import { address } from "./address.js";
import * as api from "./api.js";
import { contractChoice, lookForContracts } from "./contract.js";
import { h } from "./dom.js";
import { compareScreen } from "./compare.js";
import { driftScreen } from "./drift.js";
import { lotsScreen } from "./lots.js";
import { modelsScreen } from "./models.js";
import { resultsScreen } from "./results.js";
import { runsScreen } from "./runs.js";
import { schedulesScreen } from "./schedules.js";
import { scorecardScreen } from "./scorecard.js";
import { sensorsScreen } from "./sensors.js";
import { signInScreen } from "./signin.js";

/** What each screen is called, and what shows it. */
const SCREENS = {
  runs: ["Runs", runsScreen],
  results: ["Results", resultsScreen],
  compare: ["Compare", compareScreen],
  lots: ["Lots", lotsScreen],
  drift: ["Drift", driftScreen],
  scorecard: ["Scorecard", scorecardScreen],
  sensors: ["Sensors", sensorsScreen],
  models: ["Models", modelsScreen],
  schedules: ["Schedules", schedulesScreen],
};
const PART_OF = { compare: "results", drift: "lots", scorecard: "lots" }; // screens without an entry of their own
const LOCAL = "local"; // who signed in with the one-time link
const ASK_AGAIN = 2000; // milliseconds, while the service is away
const main = document.getElementById("main");
const banner = document.getElementById("banner");
let session = null;
let asking = false;
let leaving = false; // whether the session ends because somebody signs out
let left = false; // whether somebody without a key has signed out here
let shown = { name: "", close() {} };

/** What a role may do. */
const may = (role) => ({ start: role !== "viewer", promote: role === "admin" });

function route() {
  if (!session) return;
  const { screen: name, place, state } = address();
  const wanted = SCREENS[name] ? name : "runs";
  if (wanted !== shown.name) {
    shown.close();
    shown = { name: wanted, ...SCREENS[wanted][1](main, may(session.role)) };
    for (const each of document.querySelectorAll("#screens a")) {
      const here = each.dataset.screen === (PART_OF[wanted] ?? wanted);
      if (here) each.setAttribute("aria-current", "page");
      else each.removeAttribute("aria-current");
      if (here) each.scrollIntoView({ block: "nearest", inline: "nearest" }); // a narrow screen shows a part of them
    }
    document.title = `${SCREENS[wanted][0]} · Wafer fault prediction`;
  }
  return shown.go(place, state);
}

/** A link that was followed goes with what it stood in: the keyboard goes on from the new content, not from the top. */
async function follow() {
  const inside = main.contains(document.activeElement);
  await route();
  if (inside && document.activeElement === document.body) main.focus({ preventScroll: true });
}

/** Show the same screen for another contract. */
function turned() {
  const { screen } = address();
  history.replaceState(null, "", `${location.pathname}#/${screen}`);
  shown.close();
  shown = { name: "", close() {} };
  route();
}

async function welcome(found) {
  await lookForContracts();
  session = found;
  asking = false;
  history.replaceState(null, "", location.pathname + location.hash);
  document.getElementById("screens").hidden = false;
  const leave = h("button", { type: "button", class: "quiet", on: { click: signOut } }, "Sign out");
  document
    .getElementById("who")
    .replaceChildren(...[contractChoice(turned), h("span", {}, found.name, h("span", { class: "role" }, found.role)), leave].filter(Boolean));
  shown = { name: "", close() {} };
  route();
}

async function signOut() {
  left = session.name === LOCAL;
  leaving = true;
  await api.signOut();
}

function askWho() {
  if (asking) return; // several refusals may come at once
  asking = true;
  if (session && !leaving) {
    askAgain();
    return;
  }
  leaving = false;
  shown.close();
  session = null;
  document.getElementById("screens").hidden = true;
  document.getElementById("who").replaceChildren();
  document.title = "Sign in · Wafer fault prediction";
  const used = new URLSearchParams(location.search).get("link") === "used";
  signInScreen(main, { used, left }, async (key) => welcome(await api.signIn(key)));
}

/** Ask in front of the screen, which keeps what was typed there. A link that was opened in another tab is an answer too. */
function askAgain() {
  const dialog = h("dialog", { "aria-label": "Sign in again" });
  const back = async (found) => {
    dialog.close();
    if (found.name !== session.name || found.role !== session.role) {
      shown.close();
      await welcome(found);
      return;
    }
    session = found; // the screen is left as it is: what is typed there would go with a new one
  };
  const look = () => api.session().then(back, () => {});
  dialog.addEventListener("close", () => {
    asking = false; // the next refusal asks again
    removeEventListener("focus", look);
    dialog.remove();
  });
  addEventListener("focus", look);
  document.body.append(dialog);
  dialog.showModal();
  signInScreen(dialog, { ended: true }, async (key) => back(await api.signIn(key)));
}

async function begin() {
  try {
    await welcome(await api.session());
  } catch (problem) {
    if (problem.status !== 401) setTimeout(begin, ASK_AGAIN);
  }
}

function waitForService() {
  banner.textContent = "The service does not respond. It may be restarting; this page keeps trying.";
  banner.hidden = false;
  const timer = setInterval(() => api.get("/healthz").catch(() => {}), ASK_AGAIN);
  api.link.addEventListener(
    "back",
    () => {
      clearInterval(timer);
      banner.hidden = true;
      shown.again?.();
    },
    { once: true },
  );
}

api.link.addEventListener("signed-out", askWho);
api.link.addEventListener("away", waitForService);
window.addEventListener("hashchange", follow);
document.getElementById("skip").addEventListener("click", () => main.focus());
begin();

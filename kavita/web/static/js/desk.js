// @ts-check
/** A page at a front desk: the face of a call whose sound the desk's satellite has. */

import { batch } from "../vendor/signals.js";
import { clearBanner, deskBanner, showBanner } from "./banners.js";
import * as store from "./store.js";

const MISSING_GRACE_MS = 3000;
const TOKEN_KEY = "kavita:desk-token";

/** @typedef {{desk: string, role: "page" | "watcher", token: string}} Desk */

/** Which desk this page belongs to, by its address; null for a caller's own page. */
export const desk = readAddress();

/** @type {number | undefined} */
let timer;

/** @returns {Desk | null} */
function readAddress() {
  const asked = new URLSearchParams(location.search);
  const watching = asked.get("audio") === "off";
  if (!asked.has("desk") && !watching) return null;
  return { desk: asked.get("desk") || "1", role: watching ? "watcher" : "page", token: readToken() };
}

/** `#token=…` never reaches a server's log; it is taken out of the address at once. */
function readToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

/** The state of the desk's sound, as the server tells it. @param {any} event */
export function tellDesk(event) {
  clearTimeout(timer);
  if (store.phase.value === "call" && !event.in_call) forgetCall();
  if (event.sound === "ready") return clearBanner("desk", "no_sound");
  const tell = () => showBanner(deskBanner(event));
  if (event.sound === "failed") return tell();
  timer = setTimeout(tell, MISSING_GRACE_MS);
}

/** The call ended while this page was away. */
function forgetCall() {
  batch(() => {
    store.forget();
    store.phase.value = "start";
  });
}

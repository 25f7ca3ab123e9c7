// @ts-check
/** The line to the server: opened with the page, opened again when it drops, patient when busy. */

import { clearBanner, showBanner } from "./banners.js";
import { desk } from "./desk.js";
import { CallSocket } from "./socket.js";
import { phase } from "./store.js";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8_000;
const QUIET_RETRIES = 2;

/**
 * @typedef {object} Listener
 * @property {(event: any) => void} onEvent @property {(pcm: ArrayBuffer) => void} onPcm
 * @property {() => void} onBroken the line was lost in mid-call
 * @property {() => void} onCancel the caller will not wait for a busy line
 */

/** @type {Listener} */
let listener;
/** @type {CallSocket | null} */
let socket = null;
/** What the open socket has come to: its hello, then our start. */
let greeted = false;
let asked = false;
/** The call that is to begin as soon as a line is free, until it has. @type {string | null} */
let wanted = null;
let retries = 0;
/** @type {number | undefined} */
let timer;

/** Who hears of what comes in; once, before `connect`. @param {Listener} to */
export function attach(to) {
  listener = to;
}

/** Opens a new line; the server says hello on it, and a call can start. */
export function connect() {
  clearTimeout(timer);
  socket?.close();
  greeted = asked = false;
  socket = new CallSocket({ onEvent, onLost, onPcm: (pcm) => listener.onPcm(pcm) });
}

/** @param {object} message */
export const send = (message) => socket?.send(message);

/** @param {ArrayBuffer} pcm @returns {boolean} false when the line is too slow for it */
export const sendPcm = (pcm) => !socket?.open || socket.sendPcm(pcm);

/** Begins a call, now or as soon as there is a line. @param {"voice" | "text"} mode */
export function request(mode) {
  wanted = mode;
  if (greeted) begin();
  else if (!socket?.alive) connect();
}

/** Wants no call any more. */
export function withdraw() {
  wanted = null;
  clearTimeout(timer);
}

function begin() {
  send({ action: "start", mode: wanted });
  asked = true;
}

/** @param {any} event */
function onEvent(event) {
  listener.onEvent(event);
  if (event.type === "busy") return wait(event.retry_after);
  if (event.type === "conversation_started") wanted = null;
  if (event.type === "hello" && desk) return send({ action: "join", ...desk });
  if (event.type !== (desk ? "desk" : "hello") || greeted) return;
  greeted = true;
  retries = 0;
  clearBanner("unreachable", "busy");
  if (wanted) begin();
}

function onLost() {
  greeted = false;
  if (phase.value === "ended" && !desk) return;
  if (asked && !desk) return listener.onBroken();
  const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** retries);
  timer = setTimeout(connect, delay * (0.8 + 0.4 * Math.random()));
  if (++retries <= QUIET_RETRIES) return;
  const text = "Kavita cannot be reached just now. Trying again…";
  showBanner({ code: "unreachable", text, actions: [{ label: "Try now", run: connect }] });
}

/** All lines are busy: counts down, then knocks again. @param {number} seconds */
function wait(seconds) {
  socket?.close();
  clearTimeout(timer);
  if (seconds <= 0) return connect();
  const actions = [
    { label: "Try now", run: connect },
    { label: "Cancel", run: listener.onCancel },
  ];
  const text = `All lines are busy. Trying again in ${seconds} s.`;
  showBanner({ code: "busy", text, actions });
  timer = setTimeout(() => wait(seconds - 1), 1000);
}

// @ts-check
/** One call from the click to the goodbye: joins the socket, the sound and what is shown. */

import { batch } from "../vendor/signals.js";
import { AudioEngine, MicrophoneError } from "./audio/engine.js";
import { bannerFor, clearBanner, microphoneBanner, showBanner } from "./banners.js";
import { CallSocket } from "./socket.js";
import * as store from "./store.js";

const PLAYED_EVERY_MS = 250;
const SOUND_GRACE_MS = 800;
const END_GRACE_MS = 15_000;
const LONGEST_RETRY_MS = 8_000;
const QUIET_RETRIES = 2;

/** Tests with a recording as the microphone turn echo cancellation and the like off. */
const PROCESSING = new URLSearchParams(location.search).get("processing") !== "off";

/** @type {CallSocket | null} */
let socket = null;
/** @type {AudioEngine | null} */
let engine = null;
/** What the open socket has come to: its hello, then our start. */
let greeted = false;
let asked = false;
/** Whether a call is to begin as soon as the server says hello. */
let wanted = false;
/** Counts clicks on Start: a later one overtakes one that still waits for the microphone. */
let attempt = 0;
let retries = 0;
/** @type {number | undefined} */
let timer;
/** The utterance whose PCM arrives, whether any has, and when `played` was last sent. */
let speaking = { utterance: "", heard: false };
let reportedAt = 0;

/** Opens the line; the server says hello on it, and a call can start. */
export function connect() {
  clearTimeout(timer);
  socket?.close();
  greeted = asked = false;
  socket = new CallSocket({ onEvent, onPcm, onLost });
}

/**
 * Starts a call; call it from the click itself, or the browser keeps the sound off.
 * @param {"voice" | "text"} mode
 */
export async function start(mode) {
  const mine = ++attempt;
  store.forget();
  store.mode.value = mode;
  store.phase.value = "starting";
  engine ??= new AudioEngine({ onFrame, onPlayback, onSound, onMicrophoneLost });
  engine.unlock();
  const opened = engine;
  try {
    await openSound(opened, mode);
  } catch (error) {
    if (mine === attempt) refuse(/** @type {MicrophoneError} */ (error));
    return;
  }
  if (mine !== attempt) return opened.closeMicrophone();
  store.microphone.value = mode === "voice" ? "on" : "off";
  setTimeout(checkSound, SOUND_GRACE_MS);
  wanted = true;
  if (greeted) begin();
  else if (!socket?.open) connect();
}

/** @param {AudioEngine} engine @param {"voice" | "text"} mode */
async function openSound(engine, mode) {
  const prepared = engine.prepare();
  if (mode === "text") return prepared.catch(() => onSound(false));
  store.microphone.value = "asking";
  await engine.openMicrophone(PROCESSING);
  await prepared.catch((error) => {
    throw new MicrophoneError("failed", String(error));
  });
}

/** @param {MicrophoneError} error */
function refuse(error) {
  hangUp();
  store.phase.value = "start";
  const ways = { type: () => void start("text"), talk: () => void start("voice") };
  showBanner(microphoneBanner(error.reason, ways));
}

function begin() {
  wanted = false;
  asked = true;
  socket?.send({ action: "start", mode: store.mode.value });
}

/** Back to the start overlay, with nothing of the last caller, on a new line. */
export function leave() {
  attempt++;
  wanted = false;
  hangUp();
  void engine?.close();
  engine = null;
  store.forget();
  store.sound.value = false;
  store.phase.value = "start";
  connect();
}

/** A new call at once, after one that broke off. @param {"voice" | "text"} mode */
export function restart(mode) {
  leave();
  void start(mode);
}

/** Ends the call; the summary follows. */
export function end() {
  silence();
  socket?.send({ action: "end" });
  hangUp();
  store.activity.value = "ending";
  timer = setTimeout(() => (store.phase.value = "ended"), END_GRACE_MS);
}

/** Stops the agent in mid-sentence. */
export function stopSpeaking() {
  if (store.shown.value !== "speaking") return;
  silence();
  socket?.send({ action: "stop_speaking" });
}

/** @param {string} text */
export function say(text) {
  store.typed(text);
  socket?.send({ action: "text", text });
}

/** @param {string} date @param {string} time */
export function selectSlot(date, time) {
  store.asked.value = { date, time };
  socket?.send({ action: "select_slot", date, time });
}

export function toggleMute() {
  const muted = store.microphone.value === "on";
  engine?.mute(muted);
  store.microphone.value = muted ? "muted" : "on";
}

function silence() {
  engine?.flush();
  speaking = { utterance: "", heard: false };
  store.energy.value = 0;
}

function hangUp() {
  clearTimeout(timer);
  silence();
  engine?.closeMicrophone();
  store.microphone.value = "off";
  store.level.value = 0;
}

/** What an event means for the line and the sound; what it shows is in the store. */
const DUTIES = {
  __proto__: null,
  hello: () => {
    greeted = true;
    retries = 0;
    clearBanner("unreachable", "busy");
    if (wanted) begin();
  },
  conversation_started: () => {
    clearBanner("unreachable", "busy");
    if (store.mode.value === "voice") engine?.listen();
  },
  speaking_start: ({ utterance }) => {
    speaking = { utterance, heard: false };
    engine?.begin(utterance, store.hello.value?.sample_rate ?? 24_000);
  },
  speaking_end: () => engine?.end(),
  interrupted: silence,
  audio_energy: ({ energy }) => {
    if (!speaking.heard) store.energy.value = energy;
  },
  summary: hangUp,
  shutdown: () => engine?.closeMicrophone(),
  busy: ({ retry_after: seconds }) => wait(seconds),
  error: (event) => showBanner(bannerFor(event, { again: restart })),
};

/** @param {any} event */
function onEvent(event) {
  batch(() => {
    store.apply(event);
    DUTIES[event.type]?.(event);
  });
}

/** @param {ArrayBuffer} pcm */
function onPcm(pcm) {
  if (!speaking.utterance || !engine?.running) return;
  speaking.heard = true;
  engine.play(pcm);
}

/** @param {ArrayBuffer} pcm @param {number} level */
function onFrame(pcm, level) {
  store.level.value = level;
  if (store.phase.value !== "call" || !socket?.open) return;
  store.weak.value = !socket.sendPcm(pcm);
}

/** @param {import("./audio/engine.js").PlaybackReport} report */
function onPlayback({ playing, energy, utterance, ms, over }) {
  batch(() => {
    store.audible.value = playing;
    if (playing) store.before.value = "idle";
    if (!over && (playing || speaking.heard)) store.energy.value = energy;
  });
  const now = performance.now();
  if (!utterance || (!over && now - reportedAt < PLAYED_EVERY_MS)) return;
  reportedAt = now;
  socket?.send({ action: "played", utterance, ms });
}

/** @param {boolean} running */
function onSound(running) {
  store.sound.value = running;
  if (!running) store.audible.value = false;
  if (running) clearBanner("silent");
  else if (store.phase.value === "call") checkSound();
}

function checkSound() {
  if (!engine?.context || engine.running) return;
  const run = () => void engine?.resume();
  const text = "Your browser keeps the sound off. You can read what Kavita says, or turn it on.";
  showBanner({ code: "silent", text, actions: [{ label: "Turn sound on", run }] });
}

function onMicrophoneLost() {
  store.microphone.value = "off";
  const text = "The microphone went away. You can go on by typing.";
  showBanner({ code: "microphone", text, actions: [{ label: "OK", run: () => clearBanner() }] });
}

function onLost() {
  greeted = false;
  if (store.phase.value === "ended") return;
  if (store.phase.value === "call" || (store.phase.value === "starting" && asked)) return broken();
  const delay = Math.min(LONGEST_RETRY_MS, 500 * 2 ** retries) * (0.8 + 0.4 * Math.random());
  timer = setTimeout(connect, delay);
  if (++retries <= QUIET_RETRIES) return;
  const text = "Kavita cannot be reached just now. Trying again…";
  showBanner({ code: "unreachable", text, actions: [{ label: "Try now", run: connect }] });
}

function broken() {
  hangUp();
  store.phase.value = "ended";
  if (store.banner.value?.final) return;
  showBanner(bannerFor({ code: "lost", recoverable: false }, { again: restart }));
}

/** All lines are busy: counts down, then knocks again. @param {number} seconds */
function wait(seconds) {
  socket?.close();
  clearTimeout(timer);
  if (seconds <= 0) return connect();
  const actions = [
    { label: "Try now", run: connect },
    { label: "Cancel", run: cancel },
  ];
  const text = `All lines are busy. Trying again in ${seconds} s.`;
  showBanner({ code: "busy", text, actions });
  timer = setTimeout(() => wait(seconds - 1), 1000);
}

/** Gives up waiting for a line; Start tries anew. */
function cancel() {
  attempt++;
  wanted = false;
  hangUp();
  store.phase.value = "start";
  clearBanner();
}

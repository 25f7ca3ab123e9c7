// @ts-check
/** One call from the click to the goodbye: joins the line, the sound and what is shown. */

import { batch } from "../vendor/signals.js";
import { AudioEngine, MicrophoneError } from "./audio/engine.js";
import { bannerFor, clearBanner, microphoneBanner, showBanner } from "./banners.js";
import { desk, tellDesk } from "./desk.js";
import * as line from "./line.js";
import * as store from "./store.js";

const PLAYED_EVERY_MS = 250;
const SOUND_GRACE_MS = 800;
const END_GRACE_MS = 15_000;

/** Tests with a recording as the microphone turn echo cancellation and the like off. */
const PROCESSING = new URLSearchParams(location.search).get("processing") !== "off";

/** @type {AudioEngine | null} */
let engine = null;
/** Counts clicks on Start: a later one overtakes one that still waits for the microphone. */
let attempt = 0;
/** The utterance whose PCM arrives: whether it can be played, and whether any of it has come. */
let speaking = { playable: false, heard: false };
/** When `played` was last sent. */
let reportedAt = 0;
/** @type {number | undefined} */
let endTimer;

/** Opens the line; the server says hello on it, and a call can start. */
export function connect() {
  line.attach({ onEvent, onPcm, onBroken, onCancel });
  line.connect();
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
  if (desk) return line.request(mode);
  const opened = (engine ??= new AudioEngine({ onFrame, onPlayback, onSound, onMicrophoneLost }));
  opened.unlock();
  try {
    await openSound(opened, mode);
  } catch (error) {
    if (mine === attempt) refuse(/** @type {MicrophoneError} */ (error));
    return;
  }
  if (mine !== attempt) return opened.closeMicrophone();
  store.microphone.value = mode === "voice" ? "on" : "off";
  setTimeout(checkSound, SOUND_GRACE_MS);
  line.request(mode);
}

/** @param {AudioEngine} opened @param {"voice" | "text"} mode */
async function openSound(opened, mode) {
  const prepared = opened.prepare();
  if (mode === "text") return prepared.catch(() => onSound(false));
  store.microphone.value = "asking";
  await opened.openMicrophone(PROCESSING);
  await prepared.catch((error) => {
    throw new MicrophoneError("failed", String(error));
  });
}

/** @param {MicrophoneError} error */
function refuse(error) {
  onCancel();
  const ways = { type: () => void start("text"), talk: () => void start("voice") };
  showBanner(microphoneBanner(error.reason, ways));
}

/** Back to the start overlay before the call has begun. */
function onCancel() {
  attempt++;
  line.withdraw();
  hangUp();
  clearBanner();
  store.phase.value = "start";
}

/** Back to the start overlay, with nothing of the last caller, on a new line. */
export function leave() {
  onCancel();
  void engine?.close();
  engine = null;
  store.forget();
  store.sound.value = false;
  line.connect();
}

/** A new call at once, after one that broke off. @param {"voice" | "text"} mode */
function restart(mode) {
  leave();
  void start(mode);
}

/** Ends the call; the summary follows. */
export function end() {
  line.send({ action: "end" });
  hangUp();
  store.activity.value = "ending";
  endTimer = setTimeout(() => (store.phase.value = "ended"), END_GRACE_MS);
}

/** Stops the agent in mid-sentence. */
export function stopSpeaking() {
  if (store.shown.value !== "speaking") return;
  silence();
  line.send({ action: "stop_speaking" });
}

/** @param {string} text */
export function say(text) {
  store.typed(text);
  line.send({ action: "text", text });
}

/** @param {string} date @param {string} time */
export function selectSlot(date, time) {
  store.asked.value = { date, time };
  line.send({ action: "select_slot", date, time });
}

export function toggleMute() {
  const muted = store.microphone.value === "on";
  engine?.mute(muted);
  store.microphone.value = muted ? "muted" : "on";
}

/** Drops the agent's speech, and what is still to come of this utterance. */
function silence() {
  engine?.flush();
  speaking = { playable: false, heard: false };
  store.energy.value = 0;
}

/** Stops listening and speaking. */
function hangUp() {
  clearTimeout(endTimer);
  silence();
  engine?.closeMicrophone();
  store.microphone.value = "off";
  store.level.value = 0;
}

/** What an event means for the sound; what it shows is in the store. */
const DUTIES = {
  __proto__: null,
  desk: tellDesk,
  conversation_started: () => {
    if (desk) store.forget();
    else if (store.mode.value === "voice") engine?.listen();
  },
  speaking_start: ({ utterance }) => {
    speaking = { playable: Boolean(engine?.running), heard: false };
    if (speaking.playable) engine?.begin(utterance, store.hello.value.sample_rate);
  },
  speaking_end: () => engine?.end(),
  interrupted: silence,
  yielding: ({ step, gain }) => {
    if (step === "lower") engine?.lower(gain);
    else engine?.hold(step === "pause");
  },
  audio_energy: ({ energy }) => {
    if (!speaking.heard) store.energy.value = energy;
  },
  summary: hangUp,
  shutdown: () => engine?.closeMicrophone(),
  error: (event) => showBanner(bannerFor(event, restart)),
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
  if (!speaking.playable) return;
  speaking.heard = true;
  engine?.play(pcm);
}

/** @param {ArrayBuffer} pcm @param {number} level */
function onFrame(pcm, level) {
  store.level.value = level;
  if (store.phase.value === "call") store.weak.value = !line.sendPcm(pcm);
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
  line.send({ action: "played", utterance, ms });
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

function onBroken() {
  hangUp();
  store.phase.value = "ended";
  if (store.banner.value?.final) return;
  showBanner(bannerFor({ code: "lost", recoverable: false }, restart));
}

// @ts-check
/** What can go wrong, in one sentence each, and the ways on from there. */

import { banner } from "./store.js";

/** @typedef {import("./store.js").Banner} Banner */

const MICROPHONE = {
  denied:
    "The microphone is blocked for this page. Allow it beside the address, or go on by typing.",
  none: "No microphone was found. Plug one in, or go on by typing.",
  busy: "Another program is using the microphone. Close it, or go on by typing.",
  insecure:
    "Browsers lend the microphone only to secure pages. Open this page by https or as localhost, or go on by typing.",
  failed: "The microphone could not be opened. You can go on by typing.",
};

const LOST =
  "The connection was lost, and the call ended. What you see as booked stays booked. You can start a new call.";

/**
 * @param {string} reason of a MicrophoneError @param {{type: () => void, talk: () => void}} ways
 * @returns {Banner}
 */
export function microphoneBanner(reason, ways) {
  const actions = [
    { label: "Continue by typing", run: ways.type },
    { label: "Try again", run: ways.talk },
  ];
  return { code: `microphone-${reason}`, text: MICROPHONE[reason] ?? MICROPHONE.failed, actions };
}

/** @param {{sound: string, problem: string}} event @returns {Banner} */
export function deskBanner({ sound, problem }) {
  const text =
    sound === "failed"
      ? `The sound of this desk fails: ${problem}. You can go on by typing.`
      : "The microphone and loudspeaker of this desk are not there. You can go on by typing.";
  return { code: "desk", text, actions: [] };
}

/**
 * @param {{code: string, message?: string, recoverable: boolean}} error
 * @param {(mode: "voice" | "text") => void} again @returns {Banner}
 */
export function bannerFor(error, again) {
  const text = error.message || LOST;
  if (error.recoverable) {
    return { code: error.code, text, actions: [{ label: "OK", run: () => clearBanner() }] };
  }
  const actions = [
    { label: "Call again", run: () => again("voice") },
    { label: "Continue by typing", run: () => again("text") },
  ];
  return { code: error.code, text, actions, final: true };
}

/** @param {Banner} shown */
export function showBanner(shown) {
  banner.value = shown;
}

/** Takes the banner away; with codes, only if it is one of them. @param {...string} codes */
export function clearBanner(...codes) {
  if (!codes.length || codes.includes(banner.value?.code ?? "")) banner.value = null;
}

// @ts-check
/** The pill under the avatar, and the same words, calmer, for a screen reader. */

import { useEffect, useState } from "../../vendor/hooks.js";
import { microphone, mode, shown, weak } from "../store.js";
import { html } from "./html.js";

const WORDS = {
  idle: "Ready",
  asking: "Please allow the microphone",
  connecting: "Connecting…",
  listening: "Listening",
  thinking: "Thinking…",
  speaking: "Speaking",
  ending: "Ending the call…",
  ended: "Call ended",
};

/** States worth an announcement: the agent's own voice needs none. */
const SPOKEN = ["listening", "thinking", "asking", "ended"];
const CALM_MS = 1500;

/** What the reader is told, only once a state has lasted. @param {string} state @param {string} words */
function useCalm(state, words) {
  const [said, say] = useState("");
  useEffect(() => {
    if (!SPOKEN.includes(state)) return undefined;
    const timer = setTimeout(() => say(words), CALM_MS);
    return () => clearTimeout(timer);
  }, [state, words]);
  return said;
}

export function Status() {
  const state = shown.value;
  const isMuted = state === "listening" && microphone.value === "muted";
  const words = isMuted ? "Muted" : WORDS[state];
  const said = useCalm(state, words);
  const isTyping = mode.value === "text" && state === "listening";
  return html`
    <div class="status">
      <span class="pill" data-state=${isMuted ? "muted" : state} aria-hidden="true">
        <span class="dot"></span>${words}
      </span>
      ${isTyping && html`<span class="hint">Type your answer</span>`}
      ${weak.value && html`<span class="hint warn">Weak connection</span>`}
      <span class="for-readers" role="status">${said}</span>
    </div>`;
}

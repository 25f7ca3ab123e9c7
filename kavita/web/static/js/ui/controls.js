// @ts-check
/** The bar at the bottom: the microphone, a line to type in, quiet, and the end of the call. */

import { useRef } from "../../vendor/hooks.js";
import { end, leave, say, stopSpeaking, toggleMute } from "../call.js";
import { desk } from "../desk.js";
import { level, microphone, mode, phase, shown, summary } from "../store.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Forgetting } from "./kiosk.js";

const LONGEST_TEXT = 2000;

function Mute() {
  if (mode.value === "text" || microphone.value === "off") return null;
  const muted = microphone.value === "muted";
  const bars = Math.min(4, Math.round(level.value * 25));
  return html`
    <button type="button" class="round mute" aria-pressed=${String(muted)} onClick=${toggleMute}
      aria-label="Mute the microphone" data-level=${muted ? 0 : bars}>
      <${Icon} name=${muted ? "muted" : "microphone"} />
    </button>`;
}

function Composer() {
  const input = useRef(/** @type {any} */ (null));
  const send = () => {
    const text = input.current.value.trim();
    if (!text) return;
    say(text);
    input.current.value = "";
    input.current.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return html`
    <div class="composer">
      <textarea ref=${input} rows="1" maxlength=${LONGEST_TEXT} aria-label="Type a message"
        placeholder="Type a message" enterkeyhint="send" onKeyDown=${onKeyDown}></textarea>
      <button type="button" class="round send" onClick=${send} aria-label="Send">
        <${Icon} name="send" />
      </button>
    </div>`;
}

export function Controls() {
  if (desk?.role === "watcher") return null;
  if (phase.value === "ended") {
    return html`
      <div class="controls over">
        <span>Call ended</span>
        ${!summary.value && html`<${Forgetting} />`}
        <button type="button" class="primary small" onClick=${leave}>New call</button>
      </div>`;
  }
  return html`
    <div class="controls">
      <${Mute} />
      <${Composer} />
      <button type="button" class="round" disabled=${shown.value !== "speaking"} onClick=${stopSpeaking}
        aria-label="Stop speaking" title="Stop speaking (Esc)">
        <${Icon} name="quiet" />
      </button>
      <button type="button" class="end" onClick=${end}><${Icon} name="end" />End</button>
    </div>`;
}

// @ts-check
/** The start overlay: what one can say here, and the button that begins. */

import { useEffect, useRef } from "../../vendor/hooks.js";
import { start } from "../call.js";
import { desk } from "../desk.js";
import { hello, microphone, phase } from "../store.js";
import { Avatar } from "./avatar.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Status } from "./status.js";

const EXAMPLES = ["My ID is 1001", "Book for Thursday at noon", "What appointments do I have?"];

/** Whether a call has been left: then the focus returns to Start. */
let returning = false;

/** @param {{busy: boolean}} props */
function Buttons({ busy }) {
  const first = useRef(null);
  useEffect(() => {
    if (returning) first.current.focus();
    return () => (returning = true);
  }, []);
  const words = busy ? "Starting…" : "Start Conversation";
  const asking = microphone.value === "asking";
  return html`
    <div class="choices">
      <button ref=${first} type="button" class="primary" disabled=${busy} onClick=${() => start("voice")}>
        <${Icon} name="microphone" />${words}
      </button>
      <button type="button" class="secondary" disabled=${busy && !asking} onClick=${() => start("text")}>
        <${Icon} name="keyboard" />Type instead
      </button>
    </div>`;
}

export function Start() {
  const busy = phase.value === "starting";
  const { agent_name: agent, emergency_number: emergency, engines } = hello.value ?? {};
  return html`
    <main class="start" id="start-overlay">
      <div class="start-face"><${Avatar} name=${agent ?? "Kavita"} />${busy && html`<${Status} />`}</div>
      <div class="start-words">
        <h1>Book or change an appointment by talking</h1>
        <p class="lead">Speak as you would on the telephone. For example:</p>
        <ul class="examples">
          ${EXAMPLES.map((example) => html`<li><${Icon} name="wave" />“${example}”</li>`)}
        </ul>
        ${desk?.role === "watcher"
          ? html`<p class="lead">The next call will be shown here.</p>`
          : html`<${Buttons} busy=${busy} />`}
        <p class="consent">
          An AI assistant answers. The call is transcribed.
          ${emergency && html` In an emergency call <strong>${emergency}</strong>.`}
        </p>
        ${engines &&
        html`
          <p class="engines">
            Hears with ${engines.stt} · thinks with ${engines.llm} · speaks with ${engines.tts}
          </p>`}
      </div>
    </main>`;
}

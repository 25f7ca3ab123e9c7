// @ts-check
/** The call as it goes on: Kavita and the patient on the left, the conversation, the tool cards. */

import { useEffect, useState } from "../../vendor/hooks.js";
import { cards, hello } from "../store.js";
import { Avatar } from "./avatar.js";
import { Cards } from "./cards.js";
import { Controls } from "./controls.js";
import { html } from "./html.js";
import { PatientCard } from "./patient.js";
import { Status } from "./status.js";
import { Transcript } from "./transcript.js";

const WIDE = matchMedia("(min-width: 72rem)");

/** Whether there is room for the tool cards in a column of their own. */
function useWide() {
  const [wide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const change = () => setWide(WIDE.matches);
    WIDE.addEventListener("change", change);
    return () => WIDE.removeEventListener("change", change);
  }, []);
  return wide;
}

export function Call() {
  const wide = useWide();
  const agent = hello.value?.agent_name ?? "Kavita";
  return html`
    <main class="call">
      <h1 class="for-readers">Your call with ${agent}</h1>
      <div class="stage">
        <div class="face"><${Avatar} name=${agent} /><${Status} /></div>
        <${PatientCard} />
      </div>
      <section class="conversation" aria-label="Conversation">
        <${Transcript} withCards=${!wide} />
        <${Controls} />
      </section>
      ${wide &&
      html`
        <aside class="request" aria-label="Your request">
          <h2>Your request</h2>
          ${cards.value.length
            ? html`<${Cards} />`
            : html`<p class="empty">Free times and bookings will appear here.</p>`}
        </aside>`}
    </main>`;
}

// @ts-check
/** The summary over the whole page when the call has ended; closing it forgets the caller. */

import { useEffect, useRef } from "../../vendor/hooks.js";
import { leave } from "../call.js";
import { summary } from "../store.js";
import { duration } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Forgetting } from "./kiosk.js";

/** @param {string[] | undefined} items */
const listed = (items) =>
  items?.length
    ? html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
    : html`<p>None</p>`;

/** @param {any} shown the `summary` event */
const sections = (shown) => [
  ["Caller intent", html`<p>${shown.caller_intent}</p>`],
  ["Actions taken", listed(shown.actions_taken)],
  ["Key details", listed(shown.key_details)],
  ["Outcome", html`<p>${shown.outcome}</p>`],
  ["Duration", html`<p>${duration(shown.duration_seconds)}</p>`],
];

export function Summary() {
  const dialog = useRef(/** @type {any} */ (null));
  const shown = summary.value;
  useEffect(() => {
    if (!shown) return;
    dialog.current.showModal();
    dialog.current.querySelector("h2").focus();
  }, [shown]);
  if (!shown) return null;
  const close = () => dialog.current.close();
  return html`
    <dialog ref=${dialog} class="summary" aria-labelledby="summary-title" onClose=${leave}>
      <div class="sheet">
        <button type="button" class="round top-close" aria-label="Close" onClick=${close}>
          <${Icon} name="cross" />
        </button>
        <h2 id="summary-title" tabindex="-1">Call summary</h2>
        ${shown.outcome === undefined
          ? html`<p class="whole">${shown.text}</p>`
          : sections(shown).map(([title, body]) => html`<section><h3>${title}</h3>${body}</section>`)}
        <${Forgetting} />
        <div class="last"><button type="button" class="primary small" onClick=${close}>Close</button></div>
      </div>
    </dialog>`;
}

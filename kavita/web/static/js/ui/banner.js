// @ts-check
/** What went wrong, and the buttons that lead on. It stays until it is dealt with. */

import { banner } from "../store.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

export function Banner() {
  const shown = banner.value;
  if (!shown) return null;
  return html`
    <div class="banner" role="alert" data-code=${shown.code}>
      <${Icon} name="alert" />
      <p>${shown.text}</p>
      <div class="actions">
        ${shown.actions.map(
          ({ label, run }, at) => html`
            <button type="button" class=${at ? "plain" : "plain strong"} onClick=${run}>${label}</button>`,
        )}
      </div>
    </div>`;
}

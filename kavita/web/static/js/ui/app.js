// @ts-check
/** The whole page: the start overlay, then the call, and the summary over both. */

import { phase } from "../store.js";
import { Banner } from "./banner.js";
import { Call } from "./call-view.js";
import { Header } from "./header.js";
import { html } from "./html.js";
import { Start } from "./start.js";
import { Summary } from "./summary.js";

export function App() {
  const waiting = phase.value === "start" || phase.value === "starting";
  return html`
    <div class="page" data-phase=${phase}>
      <${Header} />
      <${Banner} />
      ${waiting ? html`<${Start} />` : html`<${Call} />`}
      <${Summary} />
    </div>`;
}

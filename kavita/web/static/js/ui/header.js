// @ts-check
/** The bar on top: whose clinic this is, whether it is a demo, and the choice of light or dark. */

import { hello } from "../store.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

const PARTS = { stt: "Hears with", llm: "Thinks with", tts: "Speaks with" };

const switchTheme = () => dispatchEvent(new Event("kavita:switch-theme"));

/** @param {{engines: Record<string, string>, demo: boolean}} props */
function About({ engines, demo }) {
  return html`
    <div id="about" class="about" popover="auto">
      ${demo && html`<p>This is a demo. Its patients and appointments are made up.</p>`}
      <dl>
        ${Object.entries(PARTS).map(
          ([part, words]) => html`<div><dt>${words}</dt><dd>${engines?.[part]}</dd></div>`,
        )}
      </dl>
    </div>`;
}

export function Header() {
  const { clinic_name: clinic, demo, engines } = hello.value ?? {};
  return html`
    <header class="top">
      <img src="/static/img/kavita.svg" alt="" width="28" height="28" />
      <span class="clinic">${clinic ?? "Kavita"}</span>
      ${hello.value &&
      html`
        <button type="button" class=${demo ? "badge demo" : "badge"} popovertarget="about">
          ${demo ? html`Demo<span class="more"> — sample data</span>` : "About"}
        </button>
        <${About} engines=${engines} demo=${demo} />`}
      <button type="button" class="round" onClick=${switchTheme} aria-label="Switch light and dark">
        <${Icon} name="theme" />
      </button>
    </header>`;
}

// @ts-check
/** Draws the page, opens the line, and listens for Esc. */

import { render } from "../vendor/preact.js";
import { connect, stopSpeaking } from "./call.js";
import { App } from "./ui/app.js";
import { html } from "./ui/html.js";

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
connect();

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open")) stopSpeaking();
});

// @ts-check
/** The page's line icons, drawn on a 24 × 24 grid. */

import { html } from "./html.js";

const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3.5",
  muted: "M9 9v3a3 3 0 0 0 4.8 2.4M15 10.6V6a3 3 0 0 0-5.8-1M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5c0 1-.2 2-.6 2.8M12 18v3.5M3.5 3.5l17 17",
  keyboard: "M3 7.5A1.5 1.5 0 0 1 4.5 6h15A1.5 1.5 0 0 1 21 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16.5ZM7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14.5h8",
  send: "M4.5 12 20 4.5 14.5 20l-3.2-6.6ZM11.3 13.4 20 4.5",
  quiet: "M5 9.5h3L12.5 6v12L8 14.5H5ZM16.5 9.5l4 5M20.5 9.5l-4 5",
  end: "M3.6 14.6c4.4-4.8 12.4-4.8 16.8 0l-1.9 2.9-4-1.4v-2.4c-1.6-.5-3.4-.5-5 0v2.4l-4 1.4Z",
  check: "M5 12.5 10 17.5 19 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6Z",
  calendar: "M4 6.5h16V20H4ZM4 10.5h16M8.5 4v4M15.5 4v4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0",
  plus: "M12 5v14M5 12h14",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  move: "M4 9h13l-3.5-3.5M20 15H7l3.5 3.5",
  alert: "M12 4 2.8 20h18.4ZM12 10v4.5M12 17.3v.2",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 8v4.5l3 2",
  wave: "M4 12h1.5M8 8.5v7M12 5v14M16 8.5v7M18.5 12H20",
  theme: "M12 3.5a8.5 8.5 0 1 0 0 17ZM12 3.5a8.5 8.5 0 0 1 0 17",
  list: "M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
};

/** @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

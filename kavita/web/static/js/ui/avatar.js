// @ts-check
/** Kavita's face: a ring that shows what she does, and a mouth that moves with her voice. */

import { useEffect, useRef } from "../../vendor/hooks.js";
import { effect } from "../../vendor/signals.js";
import { stopSpeaking } from "../call.js";
import { energy, level, shown } from "../store.js";
import { html } from "./html.js";

/** Milliseconds in which the mouth covers two thirds of the way to its goal. */
const MOUTH_MS = 35;

/** An RMS at which the green arc is at its widest. */
const LOUD = 0.2;

/** @param {SVGElement | null} face none when it has just left the page @param {number} open 0 to 1 */
function drawMouth(face, open) {
  if (!face) return;
  const mouth = /** @type {SVGElement} */ (face.querySelector("#mouth"));
  const smile = /** @type {SVGElement} */ (face.querySelector("#smile"));
  mouth.setAttribute("rx", (open ? 11 - 2 * open : 0).toFixed(2));
  mouth.setAttribute("ry", (open ? 1.5 + 9 * open : 0).toFixed(2));
  mouth.setAttribute("data-open", open.toFixed(2));
  smile.setAttribute("opacity", open > 0.04 ? "0" : "1");
}

/** Moves the mouth toward the voice's energy, frame by frame, and rests when it is closed. */
function useMouth(face) {
  useEffect(() => {
    let open = 0;
    let last = 0;
    let frame = 0;
    const draw = (/** @type {number} */ now) => {
      const goal = energy.peek() ** 0.7;
      open += (goal - open) * (1 - Math.exp(-Math.max(0, now - last) / MOUTH_MS));
      if (!goal && open < 0.02) open = 0;
      last = now;
      drawMouth(face.current, open);
      frame = open || goal ? requestAnimationFrame(draw) : 0;
    };
    const stop = effect(() => {
      if (!energy.value || frame) return;
      last = performance.now();
      frame = requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, []);
}

/** Lets the listening ring follow the caller's voice. */
function useLevel(face) {
  useEffect(
    () =>
      effect(() => {
        const loud = Math.min(1, level.value / LOUD);
        // It may have left the page just now, as when the overlay goes.
        const arc = face.current?.querySelector("#level");
        arc?.setAttribute("stroke-width", (1 + 9 * loud).toFixed(1));
      }),
    [],
  );
}

const RING = html`
  <g class="ring" aria-hidden="true">
    <circle class="ripple" cx="130" cy="130" r="104" />
    <circle class="ripple late" cx="130" cy="130" r="104" />
    <circle id="level" cx="130" cy="130" r="111" />
    <circle id="ring" cx="130" cy="130" r="104" />
    <g class="orbit"><circle cx="130" cy="26" r="7" /><circle cx="130" cy="234" r="7" /></g>
  </g>`;

const DEFINITIONS = html`
  <defs>
    <linearGradient id="room" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#ede9fe" /><stop offset="1" stop-color="#c7d2fe" />
    </linearGradient>
    <linearGradient id="blazer" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#7c3aed" /><stop offset="1" stop-color="#4c1d95" />
    </linearGradient>
    <linearGradient id="hair" x1="0" y1="0" x2="1" y2="1">
      <stop offset="0" stop-color="#4a2c2a" /><stop offset="1" stop-color="#241414" />
    </linearGradient>
    <clipPath id="window"><circle cx="130" cy="130" r="92" /></clipPath>
  </defs>`;

const BODY = html`
  <path fill="url(#hair)" d="M77 128c-6-52 20-84 54-84s60 32 54 84c-2 20 3 34 7 42 3 7-2 12-10 12H80c-8 0-13-5-10-12 4-8 9-22 7-42Z" />
  <path fill="url(#blazer)" d="M52 232c2-34 26-50 54-54h50c28 4 52 20 54 54Z" />
  <path fill="#fff" d="M106 178l25 30 25-30-8-8h-34Z" />
  <path fill="#d99a72" d="M115 156h32v20c0 9-7 17-16 17s-16-8-16-17Z" />
  <path fill="#5b21b6" d="M104 176l27 34-15 10-22-38ZM158 176l-27 34 15 10 22-38Z" />`;

const HEAD = html`
  <ellipse cx="84" cy="126" rx="8" ry="11" fill="#e0a57d" />
  <ellipse cx="178" cy="126" rx="8" ry="11" fill="#e0a57d" />
  <path fill="#eab68f" d="M87 112c0-34 20-52 44-52s44 18 44 52c0 38-20 62-44 62s-44-24-44-62Z" />
  <path fill="url(#hair)" d="M84 120c-3-44 19-68 49-68 28 0 48 22 45 66-8-12-14-26-17-40-14 14-46 14-62 20-6 6-11 13-15 22Z" />
  <circle cx="102" cy="140" r="9" fill="#e98f7b" opacity=".35" />
  <circle cx="160" cy="140" r="9" fill="#e98f7b" opacity=".35" />
  <path class="line" d="M101 108q9-6 18-1M143 107q9-5 18 1" />
  <g class="eyes">
    <ellipse cx="111" cy="122" rx="6" ry="7" fill="#2b1a17" /><circle cx="113" cy="119.500" r="2" fill="#fff" />
    <ellipse cx="151" cy="122" rx="6" ry="7" fill="#2b1a17" /><circle cx="153" cy="119.500" r="2" fill="#fff" />
  </g>
  <path class="line soft" d="M131 126q-4 10 1 12" />`;

const HEADSET = html`
  <path class="headset" d="M81 118c-2-44 20-72 50-72s52 28 50 72" />
  <rect x="73" y="112" width="14" height="28" rx="7" fill="#312e81" />
  <rect x="175" y="112" width="14" height="28" rx="7" fill="#312e81" />
  <path class="boom" d="M80 138c2 18 14 26 30 25" />
  <ellipse cx="113" cy="163" rx="5.500" ry="4" fill="#312e81" />`;

/** @param {{name: string}} props the agent's name */
export function Avatar({ name }) {
  const face = useRef(null);
  useMouth(face);
  useLevel(face);
  return html`
    <div class="avatar" onClick=${stopSpeaking} data-state=${shown}>
      <svg ref=${face} viewBox="0 0 260 260" role="img" aria-label="${name}, your receptionist">
        ${DEFINITIONS}${RING}
        <g clip-path="url(#window)" aria-hidden="true">
          <rect x="30" y="30" width="200" height="200" fill="url(#room)" />
          <g class="person">
            ${BODY}${HEAD}${HEADSET}
            <path id="smile" class="line" d="M118 151q13 10 26 0" />
            <ellipse id="mouth" cx="131" cy="153" rx="0" ry="0" data-open="0.00" />
          </g>
        </g>
      </svg>
    </div>`;
}

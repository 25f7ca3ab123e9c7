// @ts-check
/** One day's times: green and to be tapped when free, red and struck when booked. */

import { selectSlot } from "../call.js";
import { asked, patient, phase } from "../store.js";
import { classes, html } from "./html.js";
import { Icon } from "./icons.js";
import { minutes, shortTime } from "../words.js";

const NOON = 12 * 60;
const EVENING = 17 * 60;

/** @param {string} time */
function partOfDay(time) {
  const at = minutes(time);
  return at < NOON ? "Morning" : at < EVENING ? "Afternoon" : "Evening";
}

/** Whether the patient has an appointment then. @param {string} date @param {string} time */
export const isOwn = (date, time) =>
  patient.value?.appointments.some((each) => each.date === date && each.time === time);

/** @param {{date: string, time: string, free: boolean}} props */
function Chip({ date, time, free }) {
  const own = isOwn(date, time);
  if (own || !free) {
    const words = own ? "yours" : "booked";
    return html`
      <button type="button" class=${classes("chip", words)} disabled data-time=${time}
        aria-label="${shortTime(time)}, ${words}">
        <${Icon} name=${own ? "person" : "lock"} /><span>${shortTime(time)}</span>
      </button>`;
  }
  const chosen = asked.value?.date === date && asked.value.time === time;
  return html`
    <button type="button" class=${classes("chip free", chosen && "chosen")} data-time=${time}
      disabled=${chosen || phase.value !== "call"} onClick=${() => selectSlot(date, time)}
      aria-label="${shortTime(time)}, free">
      <${Icon} name="check" /><span>${shortTime(time)}</span>
    </button>`;
}

/** @param {{date: string, free: string[], booked?: string[]}} props times as "09:30 AM" */
export function SlotGrid({ date, free, booked = [] }) {
  const times = [...free, ...booked].sort((a, b) => minutes(a) - minutes(b));
  const parts = [...new Set(times.map(partOfDay))];
  return html`
    <div class="slots">
      ${parts.map(
        (part) => html`
          <div key=${part} role="group" aria-label=${part}>
            <h4>${part}</h4>
            <div class="chips">
              ${times
                .filter((time) => partOfDay(time) === part)
                .map((time) => html`<${Chip} key=${time} date=${date} time=${time} free=${free.includes(time)} />`)}
            </div>
          </div>`,
      )}
    </div>`;
}

// @ts-check
/** The patient's card on the left: who is calling, and the appointments that they have. */

import { patient } from "../store.js";
import { html } from "./html.js";
import { counted, initials, longDate, monthAndDay, shortTime } from "../words.js";

/** @param {{appointment: import("../store.js").Appointment}} props */
export function AppointmentLine({ appointment }) {
  const { date, time, purpose, practitioner, mark } = appointment;
  const [month, day] = monthAndDay(date);
  return html`
    <div class="appointment" data-mark=${mark}>
      <span class="leaf" aria-hidden="true"><b>${month}</b>${day}</span>
      <span class="when">
        <span class="for-readers">${longDate(date)}</span>
        <strong>${shortTime(time)}</strong> <span class="purpose">${purpose}</span>
        ${practitioner && html` <span class="purpose">with ${practitioner}</span>`}
      </span>
      ${mark && html`<span class="mark">${mark}</span>`}
    </div>`;
}

/** Whether the appointments fit beside the conversation; else they open with a tap. */
const ROOMY = matchMedia("(min-width: 48rem)");

export function PatientCard() {
  const shown = patient.value;
  if (!shown) return null;
  const { name, user_id: id, appointments } = shown;
  return html`
    <section class="patient" aria-label="Patient">
      <div class="identity">
        <span class="initials" aria-hidden="true">${initials(name)}</span>
        <h2>${name}</h2>
        <span class="badge id">ID ${id}</span>
      </div>
      <details open=${ROOMY.matches}>
        <summary>${appointments.length ? counted(appointments.length, "appointment") : "No appointments"}</summary>
        <ul class="appointments">
          ${appointments.map(
            (each) => html`<li key=${each.appointment_id}><${AppointmentLine} appointment=${each} /></li>`,
          )}
        </ul>
      </details>
    </section>`;
}

// @ts-check
/** A card for each tool that ran: what was found, booked, moved or refused, in words. */

import { cards } from "../store.js";
import { counted, longDate, shortDate, shortTime } from "../words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { AppointmentLine } from "./patient.js";
import { SlotGrid, isOwn } from "./slots.js";

/** @typedef {import("../store.js").Card} Card */
/** @typedef {{icon: string, tone?: string, title: string, body?: any}} Face what a card shows */

/** @param {string | any[]} content */
const line = (content) => html`<p class="line">${content}</p>`;

/** @param {any} user */
const person = (user) =>
  line([html`<strong>${user?.name}</strong>`, " ", html`<span class="badge id">ID ${user?.user_id}</span>`]);

/** @param {any[]} appointments */
const list = (appointments) =>
  appointments?.length
    ? html`
        <ul class="appointments">
          ${appointments.map((each) => html`<li><${AppointmentLine} appointment=${each} /></li>`)}
        </ul>`
    : line("No appointments coming up.");

/** @param {any} result */
const when = ({ date, time }) =>
  html`<p class="when-line">${longDate(date)} at <strong>${shortTime(time)}</strong></p>`;

/** Who and what, where the clinic has several. @param {any} result */
const details = ({ name, practitioner, visit_type: visit, purpose, appointment_id: id }) => html`
  <dl class="facts">
    ${name && html`<div><dt>Patient</dt><dd>${name}</dd></div>`}
    ${practitioner && html`<div><dt>With</dt><dd>${practitioner}</dd></div>`}
    ${visit && html`<div><dt>Visit</dt><dd>${visit}</dd></div>`}
    ${purpose && html`<div><dt>For</dt><dd>${purpose}</dd></div>`}
    ${id && html`<div><dt>Booking ID</dt><dd class="code">${id}</dd></div>`}
  </dl>`;

/** @param {any} result */
const nextOpen = ({ next_open_date: next }) =>
  next && line(["Next day with times: ", html`<strong>${longDate(next)}</strong>`]);

/** @param {any} result @returns {Face} */
function refused(result) {
  const { message, date, alternatives = [] } = result;
  const choices = result.practitioners ?? result.visit_types;
  const body = html`
    ${line(message)}
    ${choices && line(choices.join(", "))}
    ${alternatives.length > 0 && html`<${SlotGrid} date=${date} free=${alternatives} />`}
    ${nextOpen(result)}`;
  return { icon: "alert", tone: "warn", title: "That was not possible", body };
}

/** @param {any} result @param {boolean} live @returns {Face} */
function slots(result, live) {
  const { date, status, available_slots: free = [], booked_slots: booked = [] } = result;
  if (status === "closed" || status === "away") {
    const title = `${status === "away" ? "Away" : "Closed"} on ${longDate(date)}`;
    return { icon: "calendar", tone: "warn", title, body: nextOpen(result) };
  }
  const title = longDate(date);
  const left = free.filter((time) => !isOwn(date, time)).length;
  const kind = result.visit_type && `, ${result.visit_type}, ${result.minutes} min`;
  const who = result.practitioner && result.practitioner !== "any" && ` with ${result.practitioner}`;
  const count = line([left ? counted(left, "free time") : "No time is free", who, kind]);
  const grid = live && html`<${SlotGrid} date=${date} free=${free} booked=${booked} />`;
  return { icon: "calendar", title, body: html`${count}${grid}${nextOpen(result)}` };
}

/** A freed time that is kept for the patient. @param {any} offer */
const kept = ({ date, time, practitioner, kept_until: until }) =>
  line([
    "Free now: ",
    html`<strong>${shortDate(date)}, ${shortTime(time)}</strong>`,
    practitioner && ` with ${practitioner}`,
    `, kept for you until ${shortTime(until)}`,
  ]);

/** @param {any} result @returns {Face} */
function identified({ status, user, message, ...more }) {
  const { active_appointments: active = [], waitlist_offers: offers = [] } = more;
  if (status === "date_of_birth_needed") {
    return { icon: "person", title: "Date of birth, please", body: line(message) };
  }
  if (status !== "found") {
    return { icon: "person", tone: "warn", title: "No patient found", body: line(message) };
  }
  const coming = line(`${counted(active.length, "appointment")} coming up`);
  return { icon: "person", title: "Patient found", body: [person(user), coming, offers.map(kept)] };
}

/** @param {any} result @returns {Face} */
const waiting = ({ until, message }) => ({
  icon: "calendar",
  tone: "good",
  title: "On the waiting list",
  body: [line(["For a time before ", html`<strong>${longDate(until.date)}</strong>`]), line(message)],
});

/** @param {any} result @returns {Face} */
const notWaiting = ({ count }) => ({
  icon: "cross",
  tone: "gone",
  title: count ? "Off the waiting list" : "Not on the waiting list",
});

/** @param {any} result @returns {Face} */
function moved(result) {
  const { previous_date: date, previous_time: time } = result;
  const from = `${shortDate(date)}, ${shortTime(time)}`;
  const was = html`<p class="was"><span class="for-readers">from </span><s>${from}</s></p>`;
  return { icon: "move", tone: "good", title: "Moved", body: [was, when(result), details(result)] };
}

/** How each tool's result looks. @type {Record<string, (result: any, live: boolean) => Face>} */
const FACES = {
  identify_user: identified,
  register_user: ({ user }) => ({
    icon: "plus",
    tone: "good",
    title: "New patient",
    body: person(user),
  }),
  fetch_slots: slots,
  book_appointment: (result) => ({
    icon: "check",
    tone: "good",
    title: "Booked",
    body: [when(result), details(result)],
  }),
  retrieve_appointments: ({ appointments }) => ({
    icon: "list",
    title: "Your appointments",
    body: list(appointments),
  }),
  cancel_appointment: (result) => ({
    icon: "cross",
    tone: "gone",
    title: "Cancelled",
    body: [when(result), details(result)],
  }),
  modify_appointment: moved,
  end_conversation: ({ message }) => ({
    icon: "end",
    title: "Goodbye",
    body: message && line(message),
  }),
};

/** @param {Card} card @param {boolean} live @returns {Face} */
function faceOf({ function: name, result }, live) {
  if (result?.status === "error") return refused(result);
  if (result?.status === "waitlisted") return waiting(result);
  if (result?.status === "off_waitlist") return notWaiting(result);
  if (!Object.hasOwn(FACES, name)) {
    const body = typeof result?.message === "string" && line(result.message);
    return { icon: "check", title: String(name).replaceAll("_", " "), body };
  }
  return FACES[name](result ?? {}, live);
}

/** @param {{card: Card}} props */
export function ToolCard({ card }) {
  const lastSlots = cards.value.findLast((each) => each.function === "fetch_slots");
  const { icon, tone, title, body } = faceOf(card, card === lastSlots);
  return html`
    <article class="card" data-tool=${card.function} data-tone=${tone}>
      <h3><span class="card-icon"><${Icon} name=${icon} /></span>${title}</h3>
      ${body}
    </article>`;
}

/** All cards, the newest first. */
export function Cards() {
  const newestFirst = [...cards.value].reverse();
  return html`
    <div class="cards">
      ${newestFirst.map((card) => html`<${ToolCard} key=${card.id} card=${card} />`)}
    </div>`;
}

// @ts-check
/** What the page knows: signals that the components show, and the only functions that change them. */

import { batch, computed, signal } from "../vendor/signals.js";
import { minutes } from "./words.js";

/**
 * @typedef {{utterance?: string, text: string, cut?: boolean}} Piece
 * @typedef {object} Turn
 * @property {number} id @property {"user" | "agent"} who @property {number} [turnId]
 * @property {Piece[]} pieces @property {boolean} [pending] typed, not yet confirmed
 * @property {boolean} [partial] spoken, and not over yet
 * @property {Date} at
 *
 * @typedef {{id: number, function: string, arguments: any, result: any}} Card
 * @typedef {{appointment_id: string, date: string, time: string, purpose: string, practitioner?: string, mark?: string}} Appointment
 * @typedef {{user_id: string, name: string, appointments: Appointment[]}} Patient
 * @typedef {{code: string, text: string, actions: {label: string, run: () => void}[], final?: boolean}} Banner
 *     `final`: the call is over with it
 */

/** `hello` of the open socket. */
export const hello = signal(/** @type {any} */ (null));

/** start: the overlay; starting: the click is being honoured; call; ended. */
export const phase = signal(/** @type {"start" | "starting" | "call" | "ended"} */ ("start"));
export const mode = signal(/** @type {"voice" | "text"} */ ("voice"));

/** What the server says that the agent does. */
export const activity = signal("idle");
/** What it did before `speaking_start`, shown until the first sample is heard. */
export const before = signal("idle");

/** Whether samples of the agent's voice are being played now. */
export const audible = signal(false);
/** Whether they could be: the sound is on. */
export const sound = signal(false);
/** Loudness of the agent's voice, 0 to 1; and of the microphone, an RMS. */
export const energy = signal(0);
export const level = signal(0);

/** off, asking, on or muted. */
export const microphone = signal("off");
export const weak = signal(false);

export const turns = signal(/** @type {Turn[]} */ ([]));
export const cards = signal(/** @type {Card[]} */ ([]));
export const patient = signal(/** @type {Patient | null} */ (null));
export const asked = signal(/** @type {{date: string, time: string} | null} */ (null));
export const summary = signal(/** @type {any} */ (null));
export const banner = signal(/** @type {Banner | null} */ (null));
/** At a desk: seconds until the page forgets the last caller, once they are few. */
export const forgettingIn = signal(/** @type {number | null} */ (null));

/** What the ring and the pill show. Purple belongs to sound that is heard, or cannot be. */
export const shown = computed(() => {
  if (phase.value === "ended") return audible.value ? "speaking" : "ended";
  if (phase.value === "starting") return microphone.value === "asking" ? "asking" : "connecting";
  if (audible.value) return "speaking";
  if (activity.value !== "speaking") return activity.value;
  return sound.value ? before.value : "speaking";
});

let lastId = 0;
const nextId = () => ++lastId;

/** Forgets the caller: a new call begins with nothing of the last. */
export function forget() {
  batch(() => {
    turns.value = [];
    cards.value = [];
    patient.value = null;
    asked.value = null;
    summary.value = null;
    banner.value = null;
    activity.value = "idle";
    before.value = "idle";
    audible.value = false;
    energy.value = 0;
    weak.value = false;
    forgettingIn.value = null;
  });
}

/** Adds a typed turn at once; the server's `user_speaking` confirms it. @param {string} text */
export function typed(text) {
  const turn = { id: nextId(), who: /** @type {const} */ ("user"), pieces: [{ text }] };
  turns.value = [...turns.value, { ...turn, pending: true, at: new Date() }];
}

/** @param {string} text */
function heard(text) {
  const waiting = turns.value.find((turn) => turn.pending) ?? turns.value.find(isPartial);
  if (!waiting) typed(text);
  const id = (waiting ?? turns.value.at(-1))?.id;
  const settle = (turn) => ({ ...turn, pieces: [{ text }], pending: false, partial: false });
  turns.value = turns.value.map((turn) => (turn.id === id ? settle(turn) : turn));
}

/** @param {Turn} turn */
const isPartial = (turn) => Boolean(turn.partial);

/** Shows the words of a turn that goes on, in the bubble that it will have. @param {string} text */
function partlyHeard(text) {
  const known = turns.value.find(isPartial);
  if (!text) {
    turns.value = turns.value.filter((turn) => !isPartial(turn));
  } else if (known) {
    const grow = (turn) => ({ ...turn, pieces: [{ text }] });
    turns.value = turns.value.map((turn) => (turn === known ? grow(turn) : turn));
  } else {
    const turn = { id: nextId(), who: /** @type {const} */ ("user"), pieces: [{ text }] };
    turns.value = [...turns.value, { ...turn, partial: true, at: new Date() }];
  }
}

/** @param {{text: string, utterance: string, turn_id: number}} event */
function said({ text, utterance, turn_id: turnId }) {
  const piece = { utterance, text };
  const known = turns.value.some((turn) => turn.who === "agent" && turn.turnId === turnId);
  if (known && turnId !== undefined) {
    turns.value = turns.value.map((turn) =>
      turn.turnId === turnId ? { ...turn, pieces: [...turn.pieces, piece] } : turn,
    );
  } else {
    const turn = { id: nextId(), who: /** @type {const} */ ("agent"), turnId, pieces: [piece] };
    turns.value = [...turns.value, { ...turn, at: new Date() }];
  }
}

/** Leaves in the bubble only what was heard. @param {{utterance: string, text: string}} event */
function cut({ utterance, text }) {
  turns.value = turns.value.map((turn) => {
    const at = turn.pieces.findIndex((piece) => piece.utterance === utterance);
    if (at < 0) return turn;
    const pieces = [...turn.pieces.slice(0, at), { utterance, text: text ?? "", cut: true }];
    return { ...turn, pieces };
  });
}

/** @param {Appointment[]} appointments */
function inOrder(appointments) {
  const key = ({ date, time }) => `${date} ${String(minutes(time)).padStart(4, "0")}`;
  return [...appointments].sort((a, b) => key(a).localeCompare(key(b)));
}

/** @param {Appointment[]} appointments */
function keep(appointments) {
  if (patient.value) patient.value = { ...patient.value, appointments: inOrder(appointments) };
}

/** What each tool's result means for the patient's card, by its status. */
const CHANGES = {
  __proto__: null,
  found: (result) => {
    if (result.user) patient.value = { ...result.user, appointments: [] };
    keep(result.active_appointments ?? result.appointments ?? []);
  },
  registered: (result) => {
    patient.value = { ...result.user, appointments: [] };
    keep(result.active_appointments ?? []);
  },
  booked: (result) => keep([...others(result), { ...result, mark: "New" }]),
  modified: (result) => keep([...others(result), { ...result, mark: "Moved" }]),
  cancelled: (result) => keep(others(result)),
};

/** @param {Appointment} result */
const others = (result) =>
  (patient.value?.appointments ?? []).filter(
    (each) => each.appointment_id !== result.appointment_id,
  );

/** @param {any} event */
function tool({ function: name, arguments: given, result }) {
  cards.value = [...cards.value, { id: nextId(), function: name, arguments: given, result }];
  asked.value = null;
  CHANGES[result?.status]?.(result);
}

/** Each event's effect on what is shown; the call's own affairs are in call.js. */
const EFFECTS = {
  __proto__: null,
  hello: (event) => (hello.value = event),
  conversation_started: () => (phase.value = "call"),
  listening: () => (activity.value = "listening"),
  user_partial: (event) => partlyHeard(event.text),
  user_speaking: (event) => heard(event.text),
  thinking: () => (activity.value = "thinking"),
  speaking_start: (event) => {
    if (activity.value !== "speaking") before.value = activity.value;
    activity.value = "speaking";
    said(event);
  },
  speaking_end: () => {
    activity.value = "idle";
    if (!audible.value) energy.value = 0;
  },
  interrupted: (event) => {
    activity.value = "listening";
    energy.value = 0;
    cut(event);
  },
  tool_call: tool,
  summary: (event) => {
    partlyHeard("");
    summary.value = event;
    phase.value = "ended";
  },
  shutdown: () => {
    activity.value = "idle";
    phase.value = "ended";
  },
};

/** Shows an event of the server; one that is unknown changes nothing. @param {any} event */
export function apply(event) {
  batch(() => EFFECTS[event.type]?.(event));
}

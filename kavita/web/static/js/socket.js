// @ts-check
/** One WebSocket, one call: JSON events and PCM, and a pulse that notices a line gone dead. */

const PULSE_MS = 10_000;
const UNANSWERED_PULSES = 2;

/** More than two seconds of sound waiting to be sent: the line is too slow for it. */
const MOST_WAITING_BYTES = 64 * 1024;

/**
 * @typedef {object} Listener
 * @property {(event: any) => void} onEvent @property {(pcm: ArrayBuffer) => void} onPcm
 * @property {() => void} onLost the line ended without our doing
 */

export class CallSocket {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.receive(data);
    this.socket.onclose = () => this.lose();
    this.unanswered = 0;
    this.pulse = setInterval(() => this.beat(), PULSE_MS);
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Whether it is open, or about to be. */
  get alive() {
    return this.open || this.socket.readyState === WebSocket.CONNECTING;
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    this.unanswered = 0;
    if (typeof data !== "string") return this.listener.onPcm(data);
    const event = parsed(data);
    if (event && typeof event.type === "string") this.listener.onEvent(event);
  }

  beat() {
    if (!this.open) return;
    if (this.unanswered >= UNANSWERED_PULSES) return this.lose();
    this.unanswered++;
    this.send({ action: "ping" });
  }

  /** @param {object} message */
  send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }

  /** Sends sound, unless the line is behind. @param {ArrayBuffer} pcm @returns {boolean} sent */
  sendPcm(pcm) {
    if (!this.open) return false;
    if (this.socket.bufferedAmount > MOST_WAITING_BYTES) return false;
    this.socket.send(pcm);
    return true;
  }

  lose() {
    this.close();
    this.listener.onLost();
  }

  /** Ends the line on purpose; nothing of it is heard any more. */
  close() {
    clearInterval(this.pulse);
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
  }
}

/** @param {string} text @returns {any} null for what is not JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

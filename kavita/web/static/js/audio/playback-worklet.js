/**
 * Plays the agent's PCM: a queue that grows as needed, starts with a little in hand, is silent when
 * it runs dry and empties with a short fade. It can be lowered, or held and played on without loss.
 * It reports what has really been played.
 *
 * In:  {begin: utterance, rate} {pcm: ArrayBuffer} {end: true} {flush: true} {lower: gain}
 *      {hold: boolean}
 * Out: {playing, energy, utterance, ms, over, underruns}
 */

import { Resampler } from "./resampler.js";

const PRE_BUFFER_SECONDS = 0.1;
const FADE_SECONDS = 0.01;
const REPORT_SECONDS = 0.03;

/** RMS at which the mouth is fully open: 8000 of 32768, as in the `audio_energy` event. */
const FULL_ENERGY = 8000 / 32768;

/** @typedef {{utterance: string, start: number, end: number}} Mark one utterance in the queue */

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = new Float32Array(1 << 16);
    this.read = 0;
    this.write = 0;
    this.fadeUntil = 0;
    this.playing = false;
    this.held = false;
    /** Gain of a queue that is held: it fades out before it stands, and in again. */
    this.level = 1;
    this.underruns = 0;
    this.power = 0;
    this.powerSamples = 0;
    /** @type {Mark[]} */
    this.marks = [];
    /** @type {Resampler | null} */
    this.resampler = null;
    this.port.onmessage = ({ data }) => this.obey(data);
  }

  /** @param {any} order */
  obey(order) {
    if ("begin" in order) this.begin(order.begin, order.rate);
    if ("pcm" in order) this.append(order.pcm);
    if ("end" in order) this.end();
    if ("flush" in order) this.flush();
    if ("lower" in order) this.lower(order.lower);
    if ("hold" in order) this.held = order.hold;
  }

  /** @param {string} utterance @param {number} rate Hz */
  begin(utterance, rate) {
    this.end();
    this.resampler = new Resampler(rate, sampleRate);
    this.marks.push({ utterance, start: this.write, end: Infinity });
  }

  /** @param {ArrayBuffer} pcm */
  append(pcm) {
    if (!this.resampler) return;
    const samples = Float32Array.from(new Int16Array(pcm), (value) => value / 32768);
    this.enqueue(this.resampler.push(samples));
  }

  /** The utterance is complete: what is left of it may play without waiting for more. */
  end() {
    if (this.resampler) this.enqueue(this.resampler.finish());
    this.resampler = null;
    const last = this.marks.at(-1);
    if (last) last.end = Math.min(last.end, this.write);
  }

  /** @param {Float32Array} samples */
  enqueue(samples) {
    while (this.write + samples.length - this.read > this.queue.length) this.grow();
    const mask = this.queue.length - 1;
    for (const sample of samples) this.queue[this.write++ & mask] = sample;
  }

  grow() {
    const larger = new Float32Array(this.queue.length * 2);
    for (let at = this.read; at < this.write; at++) {
      larger[at & (larger.length - 1)] = this.queue[at & (this.queue.length - 1)];
    }
    this.queue = larger;
  }

  /** Drops what has not been played, but for a fade that keeps the loudspeaker from clicking. */
  flush() {
    const audible = this.playing && this.level > 0;
    const fade = audible ? Math.round(FADE_SECONDS * sampleRate) : 0;
    this.write = Math.min(this.write, this.read + fade);
    this.held = false;
    if (!audible) this.level = 1;
    this.fadeUntil = this.write;
    this.resampler = null;
    this.marks.forEach((mark) => this.report(mark, true, false));
    this.marks = [];
  }

  /** Makes what has not been played softer; what comes later is left as it is. */
  lower(/** @type {number} */ gain) {
    const mask = this.queue.length - 1;
    const fade = FADE_SECONDS * sampleRate;
    for (let at = this.read; at < this.write; at++) {
      const faded = 1 - ((1 - gain) * (at - this.read)) / fade;
      this.queue[at & mask] *= Math.max(gain, faded);
    }
  }

  /** @returns {boolean} whether there is enough in hand to begin */
  ready() {
    const queued = this.write - this.read;
    const mark = this.marks.find((each) => each.end > this.read);
    const complete = mark !== undefined && mark.end < Infinity;
    return queued > 0 && (complete || queued >= PRE_BUFFER_SECONDS * sampleRate);
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs @returns {boolean} */
  process(_inputs, outputs) {
    const [output, ...others] = outputs[0];
    if (!this.playing) this.playing = this.ready();
    if (this.playing) this.play(output);
    others.forEach((channel) => channel.set(output));
    this.close();
    return true;
  }

  /** @param {Float32Array} output */
  play(output) {
    const count = Math.min(output.length, this.write - this.read);
    const mask = this.queue.length - 1;
    const fade = FADE_SECONDS * sampleRate;
    for (let n = 0; n < count && !this.stands(); n++) {
      this.level = Math.min(1, Math.max(0, this.level + (this.held ? -1 : 1) / fade));
      const left = this.fadeUntil - this.read;
      const gain = left > 0 ? left / fade : 1;
      output[n] = this.queue[this.read++ & mask] * gain * this.level;
      this.power += output[n] * output[n];
    }
    this.powerSamples += output.length;
    if (count < output.length && !this.held) this.runDry();
    if (this.powerSamples >= REPORT_SECONDS * sampleRate || !this.playing) this.reportNow();
  }

  /** @returns {boolean} whether the queue is held and has faded out */
  stands() {
    return this.held && this.level === 0;
  }

  /** The queue is empty: silence, and wait until there is enough in hand again. */
  runDry() {
    this.playing = false;
    if (this.marks.some((mark) => mark.end === Infinity)) this.underruns++;
  }

  reportNow() {
    const energy = Math.sqrt(this.power / (this.powerSamples || 1)) / FULL_ENERGY;
    this.power = 0;
    this.powerSamples = 0;
    const mark = this.marks.find((each) => each.end > this.read) ?? this.marks.at(-1);
    this.report(mark, false, this.playing, this.playing ? Math.min(1, energy) : 0);
  }

  /** Says goodbye to the utterances that have been played to their end. */
  close() {
    while (this.marks.length && this.marks[0].end <= this.read) {
      this.report(this.marks.shift(), true, this.playing);
    }
  }

  /** @param {Mark | undefined} mark @param {boolean} over @param {boolean} playing */
  report(mark, over, playing, energy = 0) {
    const until = mark ? Math.min(this.read, mark.end) : 0;
    const ms = mark ? Math.max(0, Math.floor(((until - mark.start) * 1000) / sampleRate)) : 0;
    const { underruns } = this;
    this.port.postMessage({ playing, energy, utterance: mark?.utterance, ms, over, underruns });
  }
}

registerProcessor("playback", Playback);

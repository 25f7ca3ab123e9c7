/** Cuts the microphone's sound into 16 kHz PCM16 frames of 20 ms, each with its loudness. */

import { Resampler } from "./resampler.js";

const RATE = 16000;
const FRAME_SAMPLES = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.power = 0;
  }

  /** @param {Float32Array[][]} inputs @returns {boolean} */
  process(inputs) {
    const channel = inputs[0][0];
    if (channel) this.resampler.push(channel).forEach((sample) => this.add(sample));
    return true;
  }

  /** @param {number} sample */
  add(sample) {
    const value = Math.max(-1, Math.min(1, sample));
    this.frame[this.filled++] = Math.round(value * 32767);
    this.power += value * value;
    if (this.filled < FRAME_SAMPLES) return;
    const pcm = this.frame.buffer;
    this.port.postMessage({ pcm, level: Math.sqrt(this.power / FRAME_SAMPLES) }, [pcm]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.power = 0;
  }
}

registerProcessor("capture", Capture);

// @ts-check
/** Changes the sample rate of a stream of sound; runs inside the audio worklets. */

/** Zero crossings of the windowed sinc on each side of a sample: more is steeper and slower. */
const ZERO_CROSSINGS = 12;

/** The passband's share of the lower rate's band; the rest is the filter's slope. */
const PASSBAND = 0.92;

/** @param {number} a @param {number} b @returns {number} */
function greatestCommonDivisor(a, b) {
  return b ? greatestCommonDivisor(b, a % b) : a;
}

/**
 * The low-pass filter, one row of taps for each place an output sample can have between inputs.
 * @param {number} places @param {number} cutoff share of the input's band @param {number} half taps
 */
function filterRows(places, cutoff, half) {
  const rows = [];
  for (let place = 0; place < places; place++) {
    const row = new Float32Array(2 * half);
    let sum = 0;
    for (let tap = 0; tap < row.length; tap++) {
      const x = tap - half + 1 - place / places;
      const sinc = x ? Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x) : 1;
      const window = Math.abs(x) < half ? Math.cos((Math.PI * x) / (2 * half)) ** 2 : 0;
      row[tap] = sinc * window;
      sum += row[tap];
    }
    rows.push(row.map((value) => value / sum));
  }
  return rows;
}

/** A polyphase windowed-sinc resampler; whole-number arithmetic, so that it never drifts. */
export class Resampler {
  /** @param {number} fromRate Hz @param {number} toRate Hz */
  constructor(fromRate, toRate) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    const lower = Math.min(1, toRate / fromRate);
    this.places = toRate / divisor;
    this.step = fromRate / divisor;
    this.half = Math.ceil(ZERO_CROSSINGS / lower);
    this.rows = filterRows(this.places, PASSBAND * lower, this.half);
    this.held = new Float32Array(this.half - 1);
    this.place = 0;
  }

  /**
   * Takes the next samples and gives those that are ready, about `half` input samples late.
   * @param {Float32Array} samples @returns {Float32Array}
   */
  push(samples) {
    const input = new Float32Array(this.held.length + samples.length);
    input.set(this.held);
    input.set(samples, this.held.length);
    const width = 2 * this.half;
    const room = (input.length - width + 1) * this.places - this.place;
    const output = new Float32Array(Math.max(0, Math.ceil(room / this.step)));
    for (let n = 0; n < output.length; n++) {
      const start = Math.floor(this.place / this.places);
      const row = this.rows[this.place % this.places];
      let sum = 0;
      for (let tap = 0; tap < width; tap++) sum += row[tap] * input[start + tap];
      output[n] = sum;
      this.place += this.step;
    }
    const used = Math.min(input.length, Math.floor(this.place / this.places));
    this.held = input.slice(used);
    this.place -= used * this.places;
    return output;
  }

  /** The last samples of a stream that has ended. @returns {Float32Array} */
  finish() {
    return this.push(new Float32Array(this.half));
  }
}

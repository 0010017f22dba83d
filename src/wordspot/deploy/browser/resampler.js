// Resampling of a stream, block by block, as if it were one waveform: as in wordspot's deploy/resampler.py.

import { joined } from "./samples.js";

const ROLLOFF = 0.99; // edge of the filter, as a fraction of the lower of the two Nyquist frequencies
const ZEROS = 6; // zero crossings of the sinc on each side

/** Windowed-sinc interpolation from one whole rate in hertz to another. */
export class Resampler {
  constructor(rate, target) {
    const common = greatestCommonDivisor(rate, target);
    // Output sample m lies `m * step / phases` input samples after the first.
    this.step = rate / common;
    this.phases = target / common;
    const cutoff = ROLLOFF * Math.min(1, target / rate);
    this.reach = Math.ceil(ZEROS / cutoff);
    this.taps = 2 * this.reach + 2;
    this.weights = Array.from({ length: this.phases }, (_, phase) =>
      Float32Array.from({ length: this.taps }, (_, tap) =>
        windowedSinc(tap - this.reach - phase / this.phases, cutoff)));
    // The input from sample number `first` on; before it begins there are zeros.
    this.input = new Float32Array(this.reach);
    this.first = -this.reach;
    this.received = 0;
    this.made = 0;
  }

  /** Takes the next input samples; returns the output samples that follow from all so far. */
  push(samples) {
    this.received += samples.length;
    if (this.step === this.phases) return samples;
    this.input = joined(this.input, samples);
    const last = this.first + this.input.length - this.reach - 2; // input sample before the last output
    return this.#make(Math.floor(((last + 1) * this.phases - 1) / this.step) + 1);
  }

  /** Returns the last output samples: after its end the input is zeros. */
  finish() {
    if (this.step === this.phases) return new Float32Array(0);
    this.input = joined(this.input, new Float32Array(this.reach + 2));
    return this.#make(Math.ceil((this.received * this.phases) / this.step));
  }

  /** Makes the output up to sample number `total`, and forgets the input that is no longer needed. */
  #make(total) {
    const output = new Float32Array(Math.max(0, total - this.made));
    for (let n = 0; n < output.length; n++, this.made++) {
      const position = this.step * this.made;
      const weights = this.weights[position % this.phases];
      const start = Math.floor(position / this.phases) - this.reach - this.first;
      let sum = 0;
      for (let tap = 0; tap < this.taps; tap++) sum += this.input[start + tap] * weights[tap];
      output[n] = sum;
    }
    const needed = Math.floor((this.made * this.step) / this.phases) - this.reach;
    const done = Math.min(Math.max(0, needed - this.first), this.input.length);
    this.input = this.input.slice(done);
    this.first += done;
    return output;
  }
}

/** Weighs an input sample by its distance, in input samples, from an output sample. */
function windowedSinc(distance, cutoff) {
  const crossings = Math.min(Math.max(cutoff * distance, -ZEROS), ZEROS);
  const window = Math.cos((Math.PI / 2) * (crossings / ZEROS)) ** 2;
  const sinc = crossings === 0 ? 1 : Math.sin(Math.PI * crossings) / (Math.PI * crossings);
  return cutoff * window * sinc;
}

function greatestCommonDivisor(one, other) {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}

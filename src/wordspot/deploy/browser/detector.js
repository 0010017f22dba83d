// Words in a stream of sound, told while it is heard: as in wordspot's deploy/detector.py and windows.py.

import { PeakPicker } from "./peaks.js";
import { Resampler } from "./resampler.js";
import { inBlocks, joined } from "./samples.js";

const BATCH = 32; // windows that are scored at once
const PIECE = 2 ** 16; // samples of a long block that are worked on at once

/**
 * Finds words in a stream that is pushed block by block; what it finds does not depend on the blocks.
 *
 * `score` turns `count` windows, one after the other, into the probabilities of their classes; `about` is the
 * content of page.json; `threshold` is one for all words, or null for each word's own.
 */
export class Detector {
  constructor(score, about, sampleRate, threshold = null) {
    this.about = about;
    this.sampleRate = sampleRate;
    this.resampler = new Resampler(sampleRate, about.sampleRate);
    this.windows = new SlidingWindows(score, about);
    this.peaks = new PeakPicker(
      about.classes.map((name) => about.words.includes(name)),
      thresholdsOf(about, threshold),
      about.smoothing,
      Math.round((about.refractoryMs * about.sampleRate) / 1000),
    );
    this.received = 0;
  }

  /** Length of the stream so far. */
  get seconds() {
    return this.received / this.sampleRate;
  }

  /** Takes one threshold for all words, or null for each word's own, from here on. */
  setThreshold(threshold) {
    this.peaks.setThresholds(thresholdsOf(this.about, threshold));
  }

  /**
   * Takes the next samples; returns the words found and the sound at the recogniser's own rate. Throws where
   * samples are not numbers.
   */
  async push(samples) {
    if (!samples.every(Number.isFinite)) {
      throw new Error(`the sound has samples that are not numbers, ${this.seconds.toFixed(2)} s after its start`);
    }
    const events = [];
    let sound = new Float32Array(0);
    for (const piece of inBlocks(samples, PIECE)) {
      this.received += piece.length;
      const resampled = this.resampler.push(piece);
      sound = joined(sound, resampled);
      events.push(...(await this.#hear(resampled)));
    }
    return { events, sound };
  }

  /** Ends the stream; half a window of silence is heard after it. Returns the words that were waiting. */
  async finish() {
    const sound = this.resampler.finish();
    const silence = new Float32Array(Math.floor(this.about.samples / 2));
    const events = [...(await this.#hear(sound)), ...(await this.#hear(silence))];
    const last = this.peaks.finish();
    if (last) events.push(this.#event(last, last.last));
    return { events, sound };
  }

  async #hear(samples) {
    const events = [];
    for (const { heard, posterior } of await this.windows.push(samples)) {
      const peak = this.peaks.push(heard, posterior);
      if (peak) events.push(this.#event(peak, heard));
    }
    return events;
  }

  /** Makes an event; its times are seconds from the start of the stream. */
  #event(peak, heard) {
    const time = (place) => Math.min(Math.max(0, place) / this.about.sampleRate, this.seconds);
    const start = time(peak.last - this.about.samples);
    return {
      word: this.about.classes[peak.word],
      start,
      end: Math.max(start, time(peak.first)),
      confidence: peak.confidence,
      told: time(heard),
    };
  }
}

/** Gives the threshold of each class: `threshold` for all, or where it is null each word's own. */
function thresholdsOf(about, threshold) {
  return about.classes.map((name) => threshold ?? about.thresholds[name] ?? about.threshold);
}

/**
 * Scores windows of a stream, each one step after the one before; the first begins with the stream.
 *
 * In a window that is softer than `quietRms` there is nothing to hear: no class is probable, and nothing is computed.
 */
export class SlidingWindows {
  constructor(score, about) {
    this.score = score;
    this.classes = about.classes.length;
    this.samples = about.samples;
    this.step = Math.max(1, Math.round((about.stepMs * about.sampleRate) / 1000));
    this.quietRms = about.quietRms;
    this.buffer = new Float32Array(0); // the stream from the start of the next window on
    this.end = about.samples; // end of the next window
  }

  /** Takes the next samples; returns the posterior of each window that they fill. */
  async push(samples) {
    const found = [];
    this.buffer = joined(this.buffer, samples);
    while (this.buffer.length >= this.samples) {
      const left = Math.floor((this.buffer.length - this.samples) / this.step) + 1;
      const count = Math.min(BATCH, left);
      const windows = [];
      for (let n = 0; n < count; n++) {
        windows.push(this.buffer.subarray(n * this.step, n * this.step + this.samples));
      }
      const loud = windows.filter((window) => rms(window) >= this.quietRms);
      const probabilities = loud.length ? await this.score(joined(...loud), loud.length) : [];
      let scored = 0;
      for (const window of windows) {
        const posterior = new Float32Array(this.classes);
        if (window === loud[scored]) {
          posterior.set(probabilities.slice(scored * this.classes, (scored + 1) * this.classes));
          scored++;
        }
        found.push({ heard: this.end, posterior });
        this.end += this.step;
      }
      this.buffer = this.buffer.slice(count * this.step);
    }
    return found;
  }
}

function rms(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}

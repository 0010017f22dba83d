// The last seconds of sound: waveform above, spectrogram below, and the words that were found.

import { joined } from "./samples.js";

const SECONDS = 8; // shown at most
const SECONDS_NARROW = 4;
const NARROW = 500; // CSS pixels
const HOP_MS = 16; // from column to column
const BANDS = 64;
const LOWEST_HZ = 60;
const RANGE_DB = 55; // from the loudest shade to the softest
const SOFTEST_DB = -65; // what the loudest shade stands for at least, so that a quiet room stays pale

const INK = "#1c2733";
const LINE = "#d9dee4";
const MARK = "#b34700";
const SHADES = [[255, 255, 255], [158, 202, 225], [0, 114, 178], [10, 35, 66]]; // soft to loud

export class Timeline {
  constructor(canvas, sampleRate) {
    this.canvas = canvas;
    this.sampleRate = sampleRate;
    this.hop = Math.round((HOP_MS * sampleRate) / 1000);
    this.columns = Math.round((SECONDS * sampleRate) / this.hop);
    this.spectrum = new Spectrum(sampleRate, 2 * this.hop);
    this.picture = new OffscreenCanvas(this.columns, BANDS);
    this.clear();
    new ResizeObserver(() => this.#drawSoon()).observe(canvas);
  }

  /** Forgets the stream. */
  clear() {
    this.rest = new Float32Array(this.hop); // the sound from the last column on
    this.peaks = [];
    this.levels = [];
    this.drawn = 0; // columns so far
    this.marks = [];
    this.#drawSoon();
  }

  /** Takes the next samples. */
  push(sound) {
    this.rest = joined(this.rest, sound);
    for (; this.rest.length >= 2 * this.hop; this.rest = this.rest.slice(this.hop)) {
      const frame = this.rest.subarray(0, 2 * this.hop);
      this.peaks.push([Math.min(...frame), Math.max(...frame)]);
      this.levels.push(this.spectrum.of(frame));
      this.drawn++;
    }
    this.peaks = this.peaks.slice(-this.columns);
    this.levels = this.levels.slice(-this.columns);
    this.#drawSoon();
  }

  /** Takes a word that was found. */
  mark(event) {
    this.marks = [...this.marks, event].slice(-SECONDS * 4);
    this.#drawSoon();
  }

  #drawSoon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.#draw();
    });
  }

  #draw() {
    const scale = devicePixelRatio;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.seconds = width < NARROW ? SECONDS_NARROW : SECONDS;
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const wave = { top: 24, height: 0.32 * height };
    const bands = { top: wave.top + wave.height + 8, height: height - wave.top - wave.height - 28 };
    this.#drawWave(pen, width, wave);
    this.#drawBands(pen, width, bands);
    this.#drawTimes(pen, width, bands.top + bands.height);
    this.#drawMarks(pen, width, bands.top + bands.height);
  }

  #drawWave(pen, width, { top, height }) {
    const middle = top + height / 2;
    const step = (width * HOP_MS) / 1000 / this.seconds;
    const loudest = Math.max(0.02, ...this.peaks.map(([low, high]) => Math.max(-low, high)));
    pen.fillStyle = LINE;
    pen.fillRect(0, middle, width, 1);
    pen.fillStyle = INK;
    this.peaks.forEach(([low, high], n) => {
      const x = width - (this.peaks.length - n) * step;
      const up = (high / loudest) * (height / 2);
      const down = (-low / loudest) * (height / 2);
      pen.fillRect(x, middle - up, Math.max(step, 1), Math.max(up + down, 1));
    });
  }

  #drawBands(pen, width, { top, height }) {
    const image = new ImageData(this.columns, BANDS);
    image.data.fill(255);
    let loudest = SOFTEST_DB;
    for (const levels of this.levels) for (const level of levels) loudest = Math.max(loudest, level);
    const first = this.columns - this.levels.length;
    this.levels.forEach((levels, n) => {
      levels.forEach((level, band) => {
        const share = Math.min(Math.max(1 + (level - loudest) / RANGE_DB, 0), 1);
        image.data.set(shade(share), 4 * ((BANDS - 1 - band) * this.columns + first + n));
      });
    });
    this.picture.getContext("2d").putImageData(image, 0, 0);
    const shown = Math.round((this.columns * this.seconds) / SECONDS);
    pen.drawImage(this.picture, this.columns - shown, 0, shown, BANDS, 0, top, width, height);
  }

  #drawTimes(pen, width, top) {
    const now = this.#now();
    pen.fillStyle = INK;
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    for (let second = Math.ceil(now - this.seconds); second <= now; second++) {
      const x = this.#place(second, width);
      if (second >= 0 && x > 12 && x < width - 12) pen.fillText(`${second} s`, x, top + 15);
    }
  }

  #drawMarks(pen, width, bottom) {
    pen.font = "600 14px system-ui, sans-serif";
    pen.textAlign = "center";
    for (const { word, start, end } of this.marks) {
      const left = this.#place(start, width);
      const right = this.#place(end, width);
      pen.strokeStyle = pen.fillStyle = MARK;
      pen.strokeRect(left, 20, Math.max(right - left, 1), bottom - 20);
      pen.fillText(word, (left + right) / 2, 14);
    }
  }

  #now() {
    return (this.drawn * this.hop) / this.sampleRate;
  }

  #place(second, width) {
    return width * (1 - (this.#now() - second) / this.seconds);
  }
}

/** Levels in decibels at frequencies that are spaced as on the mel scale, by direct sums. */
class Spectrum {
  constructor(sampleRate, length) {
    const highest = mel(sampleRate / 2);
    const lowest = mel(LOWEST_HZ);
    const window = Array.from({ length }, (_, n) => (1 - Math.cos((2 * Math.PI * n) / length)) / length);
    this.waves = Array.from({ length: BANDS }, (_, band) => {
      const angle = (2 * Math.PI * hertz(lowest + ((highest - lowest) * band) / BANDS)) / sampleRate;
      return [Math.cos, Math.sin].map((wave) => Float32Array.from(window, (w, n) => w * wave(angle * n)));
    });
  }

  of(frame) {
    return this.waves.map(([cosine, sine]) => {
      const energy = product(frame, cosine) ** 2 + product(frame, sine) ** 2;
      return 10 * Math.log10(energy + 1e-12);
    });
  }
}

const mel = (frequency) => 2595 * Math.log10(1 + frequency / 700);
const hertz = (place) => 700 * (10 ** (place / 2595) - 1);

function product(one, other) {
  let sum = 0;
  for (let n = 0; n < one.length; n++) sum += one[n] * other[n];
  return sum;
}

/** Gives the colour of a share from 0 to 1: red, green, blue. */
function shade(share) {
  const place = share * (SHADES.length - 1);
  const first = Math.min(Math.floor(place), SHADES.length - 2);
  return SHADES[first].map((value, n) => value + (place - first) * (SHADES[first + 1][n] - value));
}

// Words from posteriors: smoothing, thresholds, one event for each peak: as in wordspot's deploy/peaks.py.

/** Rise of an average from step to step under which it counts as its peak. */
const RISE = 0.01;

/**
 * Picks the peaks of posteriors that are averaged over the last few steps.
 *
 * A word counts where its average is the highest of all classes and at least its threshold. It is told at the
 * first step at which it rises by less than RISE, and once: it counts again when its average has been under half
 * the threshold. No word counts within `refractory` samples after the peak before. Classes that are not `told`
 * (other words, silence) never are.
 */
export class PeakPicker {
  constructor(told, thresholds, smoothing, refractory) {
    this.words = told;
    this.setThresholds(thresholds);
    this.smoothing = smoothing;
    this.refractory = refractory;
    this.average = new Float32Array(told.length);
    this.recent = [];
    this.rising = null;
    this.told = null;
    // Classes whose average has not been under half the threshold since they were told.
    this.waits = told.map(() => false);
  }

  setThresholds(thresholds) {
    this.thresholds = Float32Array.from(thresholds);
  }

  /** Takes the posterior at a sample of the stream; returns the peak that it ends, or null. */
  push(heard, posterior) {
    this.recent.push({ heard, posterior });
    if (this.recent.length > this.smoothing) this.recent.shift();
    this.average = mean(this.recent.map((one) => one.posterior));
    const word = this.average.indexOf(Math.max(...this.average));
    const now = { word, confidence: this.average[word], first: this.recent[0].heard, last: heard };
    const counts = this.#counts(now);
    const rise = now.confidence - (this.rising ? this.rising.confidence : 0);
    if (counts && rise > 0) this.rising = now;
    const ended = counts && rise >= RISE ? null : this.finish();
    this.average.forEach((value, n) => {
      if (value < this.thresholds[n] / 2) this.waits[n] = false;
    });
    return ended;
  }

  /** Tells whether a word counts where it is the most probable class. */
  #counts(peak) {
    return (
      this.words[peak.word] &&
      peak.confidence >= this.thresholds[peak.word] &&
      !this.waits[peak.word] &&
      (!this.told || peak.last - this.told.last > this.refractory)
    );
  }

  /** Returns the peak that is still rising, since nothing follows; null where there is none. */
  finish() {
    if (!this.rising) return null;
    this.told = this.rising;
    this.rising = null;
    this.waits[this.told.word] = true;
    return this.told;
  }
}

function mean(rows) {
  const sum = new Float32Array(rows[0].length);
  for (const row of rows) for (let n = 0; n < sum.length; n++) sum[n] += row[n];
  return sum.map((value) => value / rows.length);
}

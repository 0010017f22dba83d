// The recogniser as the page sees it: calls that are answered by worker.js, in order.

export class Listener {
  constructor() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.sent = 0;
    this.worker.onmessage = ({ data: { number, result, reason } }) => {
      const { resolve, reject } = this.waiting.get(number);
      this.waiting.delete(number);
      if (reason === undefined) resolve(result);
      else reject(new Error(reason));
    };
    this.worker.onerror = (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message ?? "it can't be started"));
      this.waiting.clear();
    };
  }

  /** Loads the recogniser; resolves to the content of page.json. */
  load = () => this.#call("load");

  /** Begins a stream of `sampleRate` hertz. */
  open = (sampleRate, threshold) => this.#call("open", { sampleRate, threshold });

  /** Takes one threshold for all words, or null for each word's own. */
  setThreshold = (threshold) => this.#call("setThreshold", threshold);

  /** Hears the next samples; resolves to the words found, the sound, the averaged posterior, the time. */
  push = (samples) => this.#call("push", samples);

  /** Ends the stream; resolves to what `push` does. */
  finish = () => this.#call("finish");

  #call(name, value) {
    return new Promise((resolve, reject) => {
      const number = this.sent++;
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, name, value });
    });
  }
}

// The recogniser, in a thread of its own: answers the calls of listener.js one after the other.

import * as ort from "./ort.js";
import { Detector } from "./detector.js";

const here = (name) => new URL(name, import.meta.url);

let about, session, detector;

const calls = {
  async load() {
    about = await (await fetched("page.json")).json();
    // One thread, since one window is too little work for more.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = await (await fetched("ort.wasm")).arrayBuffer();
    session = await ort.InferenceSession.create(await (await fetched("model.onnx")).arrayBuffer());
    return about;
  },
  open({ sampleRate, threshold }) {
    detector = new Detector(score, about, sampleRate, threshold);
  },
  setThreshold(threshold) {
    detector?.setThreshold(threshold);
  },
  push: async (samples) => report(await detector.push(samples)),
  finish: async () => report(await detector.finish()),
};

/** Scores windows as probabilities. */
async function score(windows, count) {
  const { probabilities } = await session.run({
    waveforms: new ort.Tensor("float32", windows, [count, about.samples]),
    lengths: new ort.Tensor("int64", new BigInt64Array(count).fill(BigInt(about.samples)), [count]),
  });
  return probabilities.data;
}

function report({ events, sound }) {
  return { events, sound, average: detector.peaks.average, seconds: detector.seconds };
}

async function fetched(name) {
  const answer = await fetch(here(name));
  if (!answer.ok) throw new Error(`${name} is missing on the server (${answer.status})`);
  return answer;
}

let last = Promise.resolve();
self.onmessage = ({ data: { number, name, value } }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ number, result: await calls[name](value) });
    } catch (error) {
      self.postMessage({ number, reason: error.message });
    }
  });
};

// Where sound comes from: the microphone, or a file.

import { toMono } from "./samples.js";

const LARGEST_FILE = 100e6; // bytes: its samples are held in memory
const DEFAULT_RATE = 48_000;

/** An error whose message is meant for the reader of the page. */
export class SoundError extends Error {}

/** Samples as the microphone records them, at its own `sampleRate`. */
class Microphone {
  constructor(stream, context, recorder) {
    this.stream = stream;
    this.context = context;
    this.recorder = recorder;
    this.sampleRate = context.sampleRate;
  }

  /** Calls `onBlock` with all samples since it was opened, and `onLost` when the device goes away. */
  hear(onBlock, onLost) {
    this.recorder.port.onmessage = ({ data }) => onBlock(data);
    this.stream.getAudioTracks()[0].onended = onLost;
  }

  async close() {
    this.recorder.port.onmessage = null;
    this.stream.getTracks().forEach((track) => track.stop());
    await this.context.close();
  }
}

/** Opens the microphone. Throws SoundError where there is none or the browser does not give it. */
export async function openMicrophone() {
  if (!navigator.mediaDevices) {
    throw new SoundError(
      "This browser gives no microphone to this page: it must come by https, or from this computer (127.0.0.1). " +
        "A sound file can still be chosen.",
    );
  }
  const context = new AudioContext();
  let stream;
  try {
    await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
    // The recogniser was trained on sound as it was recorded.
    const asRecorded = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio: asRecorded });
    const recorder = new AudioWorkletNode(context, "recorder");
    context.createMediaStreamSource(stream).connect(recorder);
    recorder.connect(context.destination); // which makes it run; it plays nothing
    await context.resume();
    return new Microphone(stream, context, recorder);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    context.close();
    throw new SoundError(REASONS[error.name] ?? `The microphone can't be used: ${error.message}`);
  }
}

const REASONS = {
  NotAllowedError:
    "The microphone is not allowed. Allow it in the site settings of the browser, then start again; " +
    "or choose a sound file.",
  NotFoundError: "There is no microphone. Connect one, then start again; or choose a sound file.",
  NotReadableError:
    "The microphone can't be opened: another program may be using it. Close that program, then start again.",
};

/** Reads a sound file as mono samples and their rate. Throws SoundError where the browser can't. */
export async function readFile(file) {
  if (file.size > LARGEST_FILE) {
    throw new SoundError(`${file.name} is over 100 MB: for long recordings use the command wordspot detect.`);
  }
  const bytes = await file.arrayBuffer();
  const rate = rateOf(new DataView(bytes)) ?? DEFAULT_RATE;
  try {
    // A browser resamples to the rate of the context: at the file's own there is nothing to resample.
    const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, n) => decoded.getChannelData(n));
    return { samples: toMono(channels), sampleRate: decoded.sampleRate };
  } catch {
    throw new SoundError(`${file.name} is not a sound file that this browser can read.`);
  }
}

/** Reads the sampling rate from the header of a WAV or FLAC file; undefined for other files. */
function rateOf(view) {
  const isAt = (place, text) =>
    [...text].every((letter, n) => place + n < view.byteLength && view.getUint8(place + n) === letter.charCodeAt());
  if (isAt(0, "fLaC") && view.byteLength > 21) return view.getUint32(18) >>> 12; // 20 bits
  if (!isAt(0, "RIFF") || !isAt(8, "WAVE")) return undefined;
  for (let place = 12; place + 16 <= view.byteLength; place += 8 + 2 * Math.ceil(view.getUint32(place + 4, true) / 2)) {
    if (isAt(place, "fmt ")) return view.getUint32(place + 12, true);
  }
  return undefined;
}

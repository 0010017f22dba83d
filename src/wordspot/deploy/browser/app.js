// The page: puts microphone or file, recogniser, views and game together.

import { Bars } from "./bars.js";
import { Exercise } from "./exercise.js";
import { Game } from "./game.js";
import { Listener } from "./listener.js";
import { inBlocks } from "./samples.js";
import { openMicrophone, readFile, SoundError } from "./sound.js";
import { Timeline } from "./timeline.js";

const FILE_BLOCK = 16_384; // samples
const LINES = 200; // of the log
const LATE = 1; // seconds by which a slow device may lag behind its microphone unmentioned

const at = (id) => document.getElementById(id);

class Page {
  constructor(listener, about) {
    this.listener = listener;
    this.about = about;
    this.threshold = null; // one for all words, or null for each word's own
    this.stream = 0; // number of the stream that is heard: what belongs to others is dropped
    this.microphone = null;
    this.timeline = new Timeline(at("sound"), about.sampleRate);
    this.bars = new Bars(at("bars"), about.classes);
    const Play = Game.words.every((word) => about.words.includes(word)) ? Game : Exercise;
    at("game-title").textContent = Play.title;
    at("game-help").textContent = Play.help;
    this.game = new Play(at("game"), at("game-status"), about.words);
    this.#describe();
    this.#connect();
    this.#showThreshold();
    tell("Ready.");
  }

  #describe() {
    const { words, classes, licence, accuracy } = this.about;
    at("words").textContent = words.join(", ");
    at("without-others").hidden = classes.length > words.length;
    const score = accuracy === null ? "" : `Accuracy on the validation split: ${(100 * accuracy).toFixed(1)} %. `;
    at("about").textContent = score + licence;
  }

  #connect() {
    at("microphone").addEventListener("click", () => (this.microphone ? this.stop() : this.listen()));
    at("file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) this.hear(file);
      event.target.value = ""; // so that the same file can be chosen again
    });
    at("threshold").addEventListener("input", (event) => this.#setThreshold(Number(event.target.value)));
    at("reset").addEventListener("click", () => {
      this.#setThreshold(null);
      at("threshold").focus();
    });
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      const [file] = event.dataTransfer.files;
      if (file) this.hear(file);
    });
    for (const id of ["microphone", "file", "threshold"]) at(id).disabled = false;
  }

  /** Listens to the microphone until it is stopped. */
  listen = () =>
    this.#during(async (isCurrent) => {
      tell("Waiting for the microphone: the browser may ask for your permission.");
      const microphone = await openMicrophone();
      if (!isCurrent()) return microphone.close();
      this.microphone = microphone;
      at("microphone").textContent = "Stop";
      at("microphone").classList.add("listening");
      tell("Listening.");
      await this.listener.open(microphone.sampleRate, this.threshold);
      let sent = 0;
      microphone.hear(
        async (samples) => {
          sent += samples.length;
          try {
            const found = await this.listener.push(samples);
            this.#show(found, this.game);
            if (isCurrent()) tell(listening(sent / microphone.sampleRate - found.seconds));
          } catch (error) {
            this.#stopFor(error.message);
          }
        },
        () => this.#stopFor("The microphone went away. Connect it again, then start."),
      );
    });

  /** Ends what is being heard; the last word is told. */
  async stop() {
    const { microphone } = this;
    const stream = ++this.stream;
    this.microphone = null;
    at("microphone").textContent = "Start listening";
    at("microphone").classList.remove("listening");
    if (!microphone) return;
    await microphone.close();
    this.#show(await this.listener.finish(), this.game);
    if (stream === this.stream) tell("Stopped.");
  }

  async #stopFor(reason) {
    await this.stop();
    fail(reason);
  }

  /** Hears a sound file from beginning to end, as fast as the browser can. */
  hear = (file) =>
    this.#during(async (isCurrent) => {
      tell(`Reading ${file.name} …`);
      const { samples, sampleRate } = await readFile(file);
      await this.listener.open(sampleRate, this.threshold);
      for (const block of inBlocks(samples, FILE_BLOCK)) {
        if (!isCurrent()) return;
        const found = await this.listener.push(block);
        this.#show(found);
        tell(`Hearing ${file.name}: ${found.seconds.toFixed(0)} s`);
      }
      if (!isCurrent()) return;
      const found = await this.listener.finish();
      this.#show(found);
      const window = this.about.samples / this.about.sampleRate;
      if (found.seconds < window) fail(`${file.name} is shorter than the window of ${window} s.`);
      else tell(`${file.name}: heard ${found.seconds.toFixed(1)} s.`);
    });

  /** Ends the stream before, and runs the work of a new one; its failure is told. */
  async #during(work) {
    await this.stop();
    const stream = this.stream;
    const isCurrent = () => stream === this.stream;
    this.timeline.clear();
    at("log").replaceChildren();
    try {
      await work(isCurrent);
    } catch (error) {
      if (!isCurrent()) return;
      fail(error instanceof SoundError ? error.message : `This sound can't be heard: ${error.message}`);
    }
  }

  /** Shows what was heard; where a game is given it hears the words too. */
  #show({ events, sound, average }, game) {
    this.timeline.push(sound);
    this.bars.show(average);
    for (const event of events) {
      this.timeline.mark(event);
      game?.hear(event.word);
      at("log").prepend(line(event));
      if (at("log").childElementCount > LINES) at("log").lastElementChild.remove();
    }
  }

  #setThreshold(threshold) {
    this.threshold = threshold;
    this.listener.setThreshold(threshold);
    this.#showThreshold();
  }

  #showThreshold() {
    const { words, classes, thresholds } = this.about;
    const own = words.map((word) => thresholds[word] ?? this.about.threshold);
    const [low, high] = [Math.min(...own), Math.max(...own)];
    at("threshold").value = this.threshold ?? high;
    at("reset").hidden = this.threshold === null;
    at("threshold-text").textContent =
      this.threshold !== null ? `${this.threshold.toFixed(2)} for all words`
      : low === high ? low.toFixed(2)
      : `${low.toFixed(2)} to ${high.toFixed(2)}, by word`;
    this.bars.setThresholds(
      classes.map((name) => (words.includes(name) ? this.threshold ?? own[words.indexOf(name)] : null)));
  }
}

function listening(late) {
  const slow = ` This device is too slow: words come ${late.toFixed(0)} s late.`;
  return `Listening.${late < LATE ? "" : slow}`;
}

/** Makes a line of the log. */
function line({ word, start, end, confidence }) {
  const row = document.createElement("p");
  const cells = {
    time: `${((start + end) / 2).toFixed(1)} s`,
    word,
    confidence: `${Math.round(100 * confidence)} %`,
  };
  for (const [name, text] of Object.entries(cells)) {
    const cell = document.createElement("span");
    cell.className = name;
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

function tell(text, failed = false) {
  const state = at("state");
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("failed", failed);
}

const fail = (text) => tell(text, true);

try {
  const listener = new Listener();
  new Page(listener, await listener.load());
} catch (error) {
  fail(`The recogniser can't be loaded: ${error.message}`);
}

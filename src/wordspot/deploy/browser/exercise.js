// An exercise for any words: say the word that is shown.

export class Exercise {
  static title = "Say the word shown";
  static help = "One word after the other, in random order. The button shows another word.";

  constructor(place, status, words) {
    this.words = words;
    this.status = status;
    this.right = 0;
    this.wrong = 0;
    this.shown = document.createElement("p");
    this.shown.className = "shown";
    const skip = document.createElement("button");
    skip.type = "button";
    skip.textContent = "Another word";
    skip.addEventListener("click", () => this.#next());
    place.append(this.shown, skip);
    this.#next();
    this.#tell("");
  }

  /** Takes a word that was said. */
  hear(word) {
    if (word === this.shown.textContent) {
      this.right++;
      this.#tell(`Right: ${word}.`);
      this.#next();
    } else {
      this.wrong++;
      this.#tell(`Heard ${word}. Say it again.`);
    }
  }

  #next() {
    const others = this.words.filter((word) => word !== this.shown.textContent);
    const choice = others.length ? others : this.words;
    this.shown.textContent = choice[Math.floor(Math.random() * choice.length)];
  }

  #tell(text) {
    this.status.textContent = `${text} ${this.right} right, ${this.wrong} others.`.trim();
  }
}

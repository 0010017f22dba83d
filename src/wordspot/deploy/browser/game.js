// A game for six words: a cart is driven over a field to collect apples.

const NAMESPACE = "http://www.w3.org/2000/svg";
const COLUMNS = 9;
const ROWS = 5;
const APPLES = 5;
const STEP_MS = 800; // long enough to say a word from field to field

const DIRECTIONS = {
  up: { x: 0, y: -1, angle: -90 },
  down: { x: 0, y: 1, angle: 90 },
  left: { x: -1, y: 0, angle: 180 },
  right: { x: 1, y: 0, angle: 0 },
};
const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", Enter: "go", " ": "stop" };

export class Game {
  static words = [...Object.keys(DIRECTIONS), "stop", "go"];
  static title = "Drive the cart";
  static help =
    "Say go and stop, and up, down, left or right to turn. Collect five apples with few words. " +
    "With the board focused, the arrow keys, Enter (go) and the space bar (stop) do the same.";

  constructor(place, status) {
    this.status = status;
    this.board = draw("svg", { viewBox: `0 0 ${COLUMNS} ${ROWS}`, role: "application", tabindex: 0 });
    this.board.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.hear(KEYS[event.key]);
    });
    place.append(this.board);
    this.#begin();
  }

  /** Takes a word that was said. */
  hear(word) {
    if (!Game.words.includes(word)) return;
    if (!this.apples.length) {
      if (word === "go") this.#begin();
      return;
    }
    this.said++;
    if (word in DIRECTIONS) this.direction = word;
    if (word === "go") this.timer ??= setInterval(() => this.#step(), STEP_MS);
    if (word === "stop") this.#halt();
    this.#show();
  }

  #begin() {
    this.cart = { x: 0, y: Math.floor(ROWS / 2) };
    this.direction = "right";
    this.said = 0;
    const free = [];
    for (let x = 1; x < COLUMNS; x++) for (let y = 0; y < ROWS; y++) free.push({ x, y });
    this.apples = Array.from({ length: APPLES }, () =>
      free.splice(Math.floor(Math.random() * free.length), 1)[0]);
    this.#show();
  }

  #step() {
    const { x, y } = DIRECTIONS[this.direction];
    const next = { x: this.cart.x + x, y: this.cart.y + y };
    if (next.x < 0 || next.x >= COLUMNS || next.y < 0 || next.y >= ROWS) this.#halt();
    else this.cart = next;
    this.apples = this.apples.filter((apple) => apple.x !== this.cart.x || apple.y !== this.cart.y);
    if (!this.apples.length) this.#halt();
    this.#show();
  }

  #halt() {
    clearInterval(this.timer);
    this.timer = null;
  }

  #show() {
    const { angle } = DIRECTIONS[this.direction];
    const place = `translate(${this.cart.x + 0.5} ${this.cart.y + 0.5}) rotate(${angle})`;
    this.board.replaceChildren(
      ...Array.from({ length: COLUMNS * ROWS }, (_, n) =>
        draw("rect", { x: n % COLUMNS, y: Math.floor(n / COLUMNS), width: 1, height: 1, class: "field" })),
      ...this.apples.map(({ x, y }) => draw("circle", { cx: x + 0.5, cy: y + 0.5, r: 0.22, class: "apple" })),
      draw("path", { d: "M .36 0 L -.3 .28 L -.16 0 L -.3 -.28 Z", transform: place, class: "cart" }),
    );
    const found = APPLES - this.apples.length;
    this.status.textContent = this.apples.length
      ? `${found} of ${APPLES} apples, ${this.said} words. The cart ${this.timer ? "drives" : "stands"}.`
      : `All ${APPLES} apples with ${this.said} words. Say go to play again.`;
    this.board.setAttribute(
      "aria-label",
      `Cart in column ${this.cart.x + 1}, row ${this.cart.y + 1}, heading ${this.direction}. ` +
        `Apples at column and row: ${this.apples.map(({ x, y }) => `${x + 1} ${y + 1}`).join(", ") || "none"}.`,
    );
  }
}

function draw(kind, attributes) {
  const element = document.createElementNS(NAMESPACE, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

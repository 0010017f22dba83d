// How probable each word is now, and from where on it counts.

export class Bars {
  constructor(list, classes) {
    this.rows = classes.map((name) => {
      const row = document.createElement("li");
      const [word, track, value] = ["span", "span", "span"].map((kind) => document.createElement(kind));
      word.textContent = name.startsWith("_") ? OTHERS[name] ?? name : name;
      track.className = "track";
      track.append(document.createElement("i"));
      value.className = "value";
      row.append(word, track, value);
      list.append(row);
      return { row, track, bar: track.firstChild, value };
    });
    this.show(classes.map(() => 0));
  }

  /** Shows a probability for each class. */
  show(probabilities) {
    this.rows.forEach(({ row, bar, value }, n) => {
      const percent = Math.round(100 * probabilities[n]);
      bar.style.inlineSize = `${percent}%`;
      value.textContent = `${percent} %`;
      row.classList.toggle("counts", probabilities[n] >= this.thresholds?.[n]);
    });
  }

  /** Marks the threshold of each class, null for a class that is never told. */
  setThresholds(thresholds) {
    this.thresholds = thresholds.map((threshold) => threshold ?? Infinity);
    this.rows.forEach(({ track }, n) => {
      track.classList.toggle("marked", thresholds[n] !== null);
      track.style.setProperty("--threshold", `${100 * (thresholds[n] ?? 0)}%`);
    });
  }
}

const OTHERS = { _unknown_: "other words", _silence_: "silence" };

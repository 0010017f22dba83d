"""What training in bfloat16 costs in accuracy: pairs of runs that differ in nothing else.

python benchmarks/precision.py --data D --out precision.json
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import fmean, stdev

import wordspot as ws
from wordspot.config import COMMANDS, CorpusConfig, Runtime, vary

PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    """Train the pairs, print and keep their validation accuracies in percent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--words", nargs="+", default=COMMANDS)
    parser.add_argument("--recipe", default="lstm")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    corpus = ws.open_corpus(asked.data, CorpusConfig(words=tuple(asked.words)))
    pairs = []
    for seed in range(asked.seeds):
        config = vary(ws.recipe(asked.recipe), epochs=asked.epochs, seed=seed)
        pair = {}
        for precision in PRECISIONS:
            with tempfile.TemporaryDirectory() as folder:
                runtime = Runtime(threads=1, precision=precision)  # type: ignore[arg-type]
                run = ws.train(config, corpus, Path(folder) / "run", runtime, quiet=True)
                pair[precision] = 100 * run.validation_accuracy
        pairs.append(pair)
        print(
            f"seed {seed}: {', '.join(f'{name} {value:.2f} %' for name, value in pair.items())}", flush=True
        )
    losses = [pair["float32"] - pair["bfloat16"] for pair in pairs]
    spread = f", standard deviation {stdev(losses):.2f}" if len(losses) > 1 else ""
    print(f"bfloat16 loses {fmean(losses):+.2f} points of validation accuracy on average{spread}")
    if asked.out:
        kept = {"recipe": asked.recipe, "epochs": asked.epochs, "pairs": pairs, "mean_loss": fmean(losses)}
        asked.out.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

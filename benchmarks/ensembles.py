"""What several seeds of a model recognise together, by the mean of their probabilities.

    python -m benchmarks.ensembles reports/family testing

Reads the predictions that the runs keep, and prints a row for each model.
"""

import argparse
from pathlib import Path

from wordspot.evaluation.seed_groups import SeedGroup, read_group
from wordspot.evaluation.tables import Table, percent


def together(group: SeedGroup) -> float:
    """Give the accuracy of the mean of the probabilities of all runs of a group."""
    tables = [one.predictions for one in group.evaluations]
    heard = sum(table.filter(regex=r"^p\(") for table in tables).idxmax(axis=1)  # such as p(yes)
    return float((heard == "p(" + tables[0]["word"] + ")").mean())


def ensembles(family: Path, split: str) -> Table:
    """Table the mean accuracy of single runs, and that of all together, for each model in a folder."""
    rows = []
    for model in sorted(folder for folder in family.iterdir() if folder.is_dir()):
        group = read_group(model.name, sorted(model.glob("seed-*")), split)
        wrong = ~group.right  # (R, N)
        alone, all_runs = float(group.right.mean()), together(group)
        accuracy = [percent(alone), percent(all_runs), f"{100 * (all_runs - alone):+.1f}"]
        rows.append([group.name, *accuracy, f"{wrong.sum(axis=1).mean():.0f}", str(wrong.all(axis=0).sum())])
    return Table(
        "Ensembles",
        ["model", "one run", "all seeds together", "points", "clips that one misses", "that all miss"],
        rows,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("family", type=Path)
    parser.add_argument("split")
    asked = parser.parse_args()
    print(ensembles(asked.family, asked.split).to_markdown())


if __name__ == "__main__":
    main()

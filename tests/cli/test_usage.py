"""Wrong use of the command line: one line, no box, that names what may be meant and where the help is."""

import pytest

from tests.cli.conftest import Command, assert_one_line, run_program
from wordspot.recipes import RECIPES

TO = "--data D --out O"
TOLD = {
    # an unknown option
    f"train lstm {TO} --epoch 3": (
        "--epoch: no such option, did you mean --epochs? See `wordspot train lstm --help`"
    ),
    f"train rnn {TO} --epoch=3": (
        "--epoch: no such option, did you mean --epochs? See `wordspot train rnn --help`"
    ),
    f"train lstm {TO} --learn 1": (
        "--learn: no such option, did you mean --learning-rate? See `wordspot train lstm --help`"
    ),
    f"train bc-resnet {TO} --hidden-size 8": (
        "--hidden-size: no such option: see `wordspot train bc-resnet --help`"
    ),
    "predict clip.wav --jsn": "--jsn: no such option, did you mean --json? See `wordspot predict --help`",
    "evaluate lstm --dta D": "--dta: no such option, did you mean --data? See `wordspot evaluate --help`",
    f"mistakes lstm {TO} --x": "--x: no such option: see `wordspot mistakes --help`",
    "own-words yes no --out O --clip 3": (
        "--clip: no such option, did you mean --clips? See `wordspot own-words --help`"
    ),
    "--epochs 3": "--epochs: no such option: see `wordspot --help`",
    # an option before what it belongs to
    f"train --epochs 2 lstm {TO}": "--epochs: put it after lstm: see `wordspot train lstm --help`",
    "--data D explore": "--data: put it after explore: see `wordspot explore --help`",
    # something that is missing
    "": "a verb is missing (one of explore, pack, train, evaluate, ",
    "train": "train: a recipe, --data D and --out RUN are missing: see `wordspot train --help`",
    "train lstm --data D": "train lstm: --out RUN is missing: see `wordspot train lstm --help`",
    f"sweep {TO}": f"sweep: a recipe or config file (.json) is missing (one of {', '.join(RECIPES)}): see ",
    "evaluate": "evaluate: RUN and --data D are missing: see `wordspot evaluate --help`",
    "export --out O": "export: RUN is missing: see `wordspot export --help`",
    "evaluate lstm --data": "--data: a value is missing: see `wordspot evaluate --help`",
    "publish study --out --corpus C": "--out: a value is missing: see `wordspot publish --help`",
    # an unknown verb or recipe, an argument too many
    f"trian lstm {TO}": "trian: no such verb, did you mean train? See `wordspot --help`",
    "nonsense --data report": "nonsense: no such verb (one of explore, pack, train, ",
    f"train lstmm {TO}": (
        "lstmm: no recipe or config file (.json), did you mean lstm? See `wordspot train --help`"
    ),
    f"sweep nonsense {TO}": f"nonsense: no recipe or config file (.json) (one of {', '.join(RECIPES)}): see ",
    "export a b --out O": "b: one argument too many: see `wordspot export --help`",
    f"train lstm {TO} --convert yes": "yes: one argument too many: see `wordspot train lstm --help`",
    # a wrong choice
    "evaluate lstm --split test --data D": (
        "--split: test is none of all, testing, training, validation, did you mean testing? "
        "See `wordspot evaluate --help`"
    ),
    f"train lstm {TO} --deltas 3": "--deltas: 3 is none of 0, 1, 2: see `wordspot train lstm --help`",
    "synthesize yes --engines festival --out O": (
        "--engines: festival is none of espeak, piper: see `wordspot synthesize --help`"
    ),
    # no number
    f"train lstm {TO} --epochs x": "--epochs: x is not a whole number: see `wordspot train lstm --help`",
    f"train lstm {TO} --dropout x": "--dropout: x is not a number: see `wordspot train lstm --help`",
    f"train lstm {TO} --fold it's": "--fold: it's is not a whole number: see `wordspot train lstm --help`",
    f"study {TO} --epochs 2.5": "--epochs: 2.5 is not a whole number: see `wordspot study --help`",
    "page lstm --out O --port x": "--port: x is not a whole number: see `wordspot page --help`",
    "detect lstm long.wav --threshold x": "--threshold: x is not a number: see `wordspot detect --help`",
    "own_words yes --out O --seconds x": "--seconds: x is not a number: see `wordspot own-words --help`",
}


@pytest.mark.parametrize("command", TOLD)
def test_one_line_says_what_is_wrong_and_what_may_be_meant(wordspot: Command, command: str) -> None:
    ran = wordspot(*command.split())
    assert ran.out == ""
    assert_one_line(ran, 2)
    assert ran.err.startswith(f"wordspot: {TOLD[command]}")
    if TOLD[command].endswith("`"):
        assert ran.err == f"wordspot: {TOLD[command]}\n"


def test_on_a_narrow_terminal_too(wordspot: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    ran = wordspot("train", "lstm", "--data", "D", "--out", "O", "--epoch", "3")
    assert_one_line(ran, 2)
    assert "did you mean --epochs?" in ran.err


def test_control_characters_are_shown(wordspot: Command) -> None:
    ran = wordspot("predict", "--\x1b[31mred")
    assert_one_line(ran, 2)
    assert "\x1b" not in ran.err


def test_the_program_itself() -> None:
    assert_one_line(run_program("predict", "clip.wav", "--runs", "lstm"), 2)

# Three commands: `make study`, `make demo` and `make test`. Each sets up its own virtual environment first.

# The first Python on the path that is new enough.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# An index that has torch built for CPUs, without the libraries of CUDA. Those are other files than the ones whose hashes
# requirements.txt has, so there the versions alone are taken from it.
CPU_INDEX ?=
PACKAGES = $(PIP) install --require-hashes -r requirements.txt
PACKAGES_FOR_CPU = $(PIP) install --no-deps --index-url "$(CPU_INDEX)" $$(grep -Eo '^torch(audio)?==[0-9.]+' requirements.txt) \
	&& grep -o '^[^ ]*==[^\\]*' requirements.txt > .venv/constraints.txt \
	&& $(PIP) install --constraint .venv/constraints.txt --editable '.[dev]'
OUT ?= study
# Recordings where they are named; else words that a synthesiser says.
DATA ?= synthetic
# The baselines once; OPTIONS= (nothing) runs all experiments, which takes hours.
OPTIONS ?= --experiments family --models rnn lstm --seeds 1
# A regular expression that finds the speaker in the path of a file, where names have no _nohash_.
SPEAKER_FROM ?=
SPEAKERS = $(if $(value SPEAKER_FROM),--speaker-from '$(value SPEAKER_FROM)')
# How the recordings are read, for what follows the study.
READING = $(filter --convert --skip-bad,$(OPTIONS)) $(SPEAKERS)

# What the model cards and the report say of the recordings.
CORPUS ?= Ten words of Speech Commands 0.02
LICENCE ?= The recordings are licensed CC BY 4.0: Pete Warden, "Speech Commands: A Dataset for \
	Limited-Vocabulary Speech Recognition", 2018, arXiv 1804.03209.
# The header of the model cards. An ONNX file would double the size of the package, and `wordspot export` makes it.
HUB ?= --hub-licence mit --hub-dataset google/speech_commands

.PHONY: study demo test docs faults keep pins

study: .venv/ready
	$(BIN)/wordspot study --data "$(DATA)" --out "$(OUT)" $(if $(WORDS),--words $(WORDS)) $(OPTIONS) $(SPEAKERS)
	$(BIN)/wordspot report "$(OUT)" --data "$(DATA)" $(READING)
	$(BIN)/wordspot notebook --data "$(DATA)" --study "$(OUT)" --out "$(OUT)/spoken_words.ipynb" $(READING)

# A page that listens to the microphone, on this computer alone.
demo: .venv/ready
	$(BIN)/wordspot page wordspot-live --out demo --open

test: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist loadfile

# The documentation as a site in site/, which needs no network; a broken link fails.
docs: .venv/ready
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -c docs/site . site

# Kills, mutated sound files and tampered runs in numbers, which docs/reliability.md tells: a quarter of an hour.
faults: .venv/ready
	$(BIN)/python -m benchmarks.faults --out reports/faults.json

.venv/ready: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=" >&2; exit 2; }
	@echo "environment: .venv, of $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "packages: those of requirements.txt, $(if $(CPU_INDEX),torch without CUDA,on Linux with 4 GB of CUDA)"
	@$(if $(CPU_INDEX),$(PACKAGES_FOR_CPU),$(PACKAGES))
	@echo "program: wordspot, as it is in this folder"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Puts the results of a whole study of recordings where the project keeps them: no recordings, and the weights of
# the best alone. Studies and measurements of their own stay: synthetic speech, transfer, single changes.
STAYS = synthetic transfer live speed verdicts.json sweeps.json levers faults.json bill.json \
	discussion.md notebook-discussion.md
keep: .venv/ready
	@test "$(DATA)" != synthetic || { echo "make keep DATA=the recordings of the study in OUT" >&2; exit 2; }
	mkdir -p reports
	find reports -mindepth 1 -maxdepth 1 $(STAYS:%=-not -name %) -exec rm -rf {} +
	cd "$(OUT)" && find . -name '*.json' -not -name speakers.json -o -name metrics.jsonl -o -name evaluations.jsonl -o -name 'predictions-*.csv' \
		-o -name 'robustness-*.csv' -o -name summary.md -o -name '*.svg' \
		-not -path '*/seed-*' | tar -c -T - | tar -x -C "$(CURDIR)/reports"
	find reports \( -name 'predictions-*.csv' -o -name 'robustness-*.csv' \) -exec gzip -9 -n -f {} +
	$(BIN)/wordspot report "$(OUT)" --out reports/report.pdf --corpus '$(CORPUS)' --data "$(DATA)" \
		$(addprefix --discussion ,$(wildcard reports/discussion.md))
	cp "$(OUT)/clips.json" reports
	$(BIN)/wordspot notebook --data "$(DATA)" --study "$(OUT)" --out notebooks/spoken_words.ipynb \
		--without-sounds $(addprefix --discussion ,$(wildcard reports/notebook-discussion.md))
	$(BIN)/wordspot publish "$(OUT)" --models wordspot lstm --out src/wordspot/pretrained --corpus '$(CORPUS)' --licence '$(LICENCE)' $(HUB) --no-onnx

# Pins every dependency anew, the same for all systems and Python versions.
pins:
	uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --extra dev pyproject.toml --output-file requirements.txt

# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Recognising spoken words with recurrent networks
#
# A recogniser of single words hears a second of sound and names one of a few words. This notebook
# builds several of them, from the recordings to the comparison: it looks at the clips, turns them into
# features, trains a plain recurrent network (RNN), then LSTM, GRU, both directions, attention and
# convolutions, and asks of each difference whether it is real.
#
# Everything is done by the package `wordspot`; where its code is worth reading, the notebook shows it.
# Run it from top to bottom. What was trained before, in the folder `STUDY`, is not trained again; the
# experiments are those of that folder where it holds a study.

# %% tags=["parameters"]
DATA = "recordings"  # a folder of <word>/*.wav, or a torchaudio root that holds SpeechCommands/
STUDY = "study"  # where the runs are kept
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")  # of a new study
QUICK = False  # for a new study: a few epochs on a few clips, to see every step in minutes
READ = {"convert": False, "skip_bad": False}  # change other formats to 16 kHz mono; leave out bad files

# %%
import inspect
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from IPython.display import Audio, Code, Markdown, display

import wordspot
from wordspot.config import CorpusConfig
from wordspot.errors import warn_in_one_line
from wordspot.study import findings

torch.set_num_threads(1)
warn_in_one_line()

if (Path(STUDY) / "experiments.json").exists():
    experiments = wordspot.read_experiments(STUDY)
elif QUICK:
    few = CorpusConfig(words=WORDS, clips_per_word=30)
    experiments = wordspot.experiments(few, ["family", "augmentation"], seeds=1, epochs=2)
else:
    experiments = wordspot.experiments(CorpusConfig(words=WORDS))
family = next(experiment for experiment in experiments if experiment.name == "family")
others = [experiment for experiment in experiments if experiment is not family]
MODELS = list(family.variants)
recipe = next(iter(family.variants.values()))
corpus_config = recipe.corpus
WORDS = corpus_config.classes


def source(thing):
    """Show the source of a piece of the package."""
    return Code(inspect.getsource(thing), language="python")


# %% [markdown]
# ## 1. The recordings
#
# First, what is there: how many clips of each word, who speaks them, how long they are. A corpus has
# three parts: **training** clips are learnt from, **validation** clips decide every choice, and
# **test** clips give the final figure, once. A speaker must stand in one part only; otherwise the test
# would ask for voices that were learnt.

# %%
look = wordspot.Exploration(DATA, corpus_config.words)
if look.index.synthetic:
    display(Markdown("**All figures are of synthetic speech; the parts share the synthesisers' voices.**"))
look.counts().loc[[*WORDS, "all words"]]

# %%
look.marked(look.speakers().to_frame("speakers"))

# %% [markdown]
# Rates and lengths. All clips should have one sampling rate; a recogniser that was trained at 16 kHz
# hears nonsense at 44.1 kHz. Clips shorter than a second will be padded with zeros.

# %%
display(look.formats(), look.durations())
look.plot_durations()

# %% [markdown]
# ### Waveforms, and what they sound like
#
# The waveform shows where the word is and how loud. The middle row is what most of the models hear: the
# energy in bands of frequency, narrow at the bottom and wide at the top as the ear has them (mel), on a
# logarithmic scale. The bottom row decorrelates these by a cosine transform: mel-frequency cepstral
# coefficients (MFCC).

# %%
some = look.some(words=WORDS[:4])
look.plot_clips(some)

# %%
for path in some:
    display(Markdown(f"*{path.parent.name}*"), look.listen(path))

# %% [markdown]
# ## 2. Features
#
# The front end turns each waveform into frames. The settings of the first model:

# %%
pd.Series(asdict(recipe.features)).to_frame("setting")

# %%
from wordspot.sound.features import Features

source(Features.raw)

# %% [markdown]
# Three things happen besides. Every clip is brought to one **loudness**: the softest recordings lie far
# under the loudest, and a network that rarely hears soft clips fails on them. **Derivatives** in time
# are appended, which a plain RNN needs more than others do. And every coefficient is **scaled** by its
# mean and deviation over the training part; to use the other parts here would leak what they hold.
# Frames of padding are left out of the statistics.

# %%
source(Features.fit)

# %% [markdown]
# ## 3. Parts, `Dataset` and `DataLoader`
#
# The corpus is decoded once into one file of 16-bit samples. A clip is a row of it; a batch pads its
# clips to one length, the same in every batch, so that what stands beside a clip can't change its
# scores.

# %%
corpus = wordspot.open_corpus(DATA, corpus_config, **READ)
parts = {split: corpus.table(split) for split in ("training", "validation", "testing")}
speakers = {split: set(table["speaker"]) for split, table in parts.items()}
assert not speakers["training"] & speakers["testing"]
assert not speakers["training"] & speakers["validation"]
assert not speakers["validation"] & speakers["testing"]
sizes = {split: [len(parts[split]), len(speakers[split])] for split in parts}
look.marked(pd.DataFrame(sizes, index=["clips", "speakers"]))

# %%
from wordspot.corpus.batches import ClipDataset, Collate, loader

display(source(ClipDataset), source(Collate))
batch = next(iter(loader(corpus, "training", 64, shuffle=torch.Generator().manual_seed(0))))
{
    "samples": tuple(batch.samples.shape),
    "lengths": batch.lengths[:5].tolist(),
    "labels": batch.labels[:5].tolist(),
}

# %% [markdown]
# Training clips are changed a little, and otherwise in every epoch, so that they can't be learnt by
# heart: shifted in time, with bands and stretches masked, mixed with one another. Validation and test
# clips are left alone.

# %%
look.plot_augmentations(some[0], some[1])

# %% [markdown]
# ## 4. The plain recurrent network
#
# An Elman network reads the frames one by one; its state is $h_t = \tanh(W x_t + U h_{t-1} + b)$. Two
# layers of it, the mean of the states over the real frames, and a linear layer to one score (logit) for
# each word:

# %%
from wordspot.models.recurrent import Recurrent

source(Recurrent)

# %% [markdown]
# The training loop is plain PyTorch. What to look for: the epoch seeds itself by its number, so that a
# run that was stopped goes on as if it never was; validation runs without gradient, dropout or changes
# of the clips; the weights of the best validation accuracy are kept.

# %%
from wordspot.training.loop import fit, learn

display(source(fit), source(learn))

# %%
runs, scores = {}, {}


def train(model):
    """Train the first run of a model where the study keeps it, and score it on the validation part."""
    run = Path(STUDY) / "family" / model / "seed-0"
    runs[model] = wordspot.train(family.seeded(model)[0], DATA, run, threads=1, quiet=True, **READ)
    scores[model] = wordspot.evaluate(runs[model], DATA, "validation", **READ)
    print(f"{model}: validation accuracy {scores[model].accuracy:.1%}")


first = MODELS[0]
train(first)

# %% [markdown]
# The learning curves. Training loss falls; while validation loss falls too, the network learns what
# holds for other voices. Where validation rises again while training falls, it learns by heart.

# %%
from wordspot.analysis.evaluate import plot_confusion
from wordspot.training.curves import plot_curves

plot_curves(runs[first])

# %%
plot_confusion(scores[first])

# %% [markdown]
# ## 5. LSTM and BiLSTM
#
# The state of a plain RNN fades over tens of frames. A long short-term memory keeps a cell beside it
# that gates write and read. In both directions, a frame's state knows what comes after it as well.

# %%
for model in MODELS[1:3]:
    train(model)
    display(plot_confusion(scores[model]))

# %%
from wordspot.analysis.charts import plot_curves_together, plot_differences
from wordspot.analysis.results import read_group

groups = [read_group(model, [run], "validation") for model, run in runs.items()]
plot_curves_together(groups)

# %%
if len(groups) > 1:
    display(plot_differences(groups, WORDS))

# %% [markdown]
# ## 6. Listening to mistakes
#
# A wrong answer is a hypothesis to check by ear: is the word cut off, drowned in noise, or simply
# spoken otherwise? The flaws named below are measured. `wordspot mistakes` makes a page of all of them.

# %%
from wordspot.analysis.flaws import flaws, loudness_db

shown = groups[-1]
outcome = shown.outcomes[0]
surest = outcome.assign(confidence=shown.confidence[0])[~shown.right[0]].nlargest(6, "confidence")
rows = corpus.rows("validation")
for place, clip in surest.iterrows():
    sound = np.array(corpus.store.samples[rows[place], : parts["validation"]["length"][place]])
    found = ", ".join(flaws(sound, corpus_config.rate_hz)) or "no flaw"
    display(
        Markdown(
            f"said **{clip['word']}**, recognised **{clip['predicted']}** ({clip['confidence']:.0%}); "
            f"{loudness_db(sound):.0f} dB; {found}"
        ),
        Audio(sound / 32768, rate=corpus_config.rate_hz, normalize=True),
    )

# %% [markdown]
# ## 7. GRU, attention, and convolutions
#
# A gated recurrent unit does with two gates what an LSTM does with three. Attention weighs the frames
# instead of taking their mean, and shows where it looked. Convolutions before the recurrent layers find
# local patterns, over time alone or over time and frequency, and halve the frames.

# %%
for model in MODELS[3:]:
    train(model)

# %%
from wordspot.models.fronts import Conv2dFront
from wordspot.models.pooling import AdditiveAttention

display(source(AdditiveAttention), source(Conv2dFront))

# %% [markdown]
# Where the attention of the last of these models looks, in one clip of each word:

# %%
from wordspot.analysis.charts import plot_attention

attentive = [model for model in MODELS if family.variants[model].model.pooling == "additive"]
for model in attentive[-1:]:
    display(plot_attention(wordspot.load(runs[model]), corpus, "validation"))

# %% [markdown]
# ## 8. The comparison
#
# Each model is trained with several seeds, because one run may be lucky. Every run is scored once on
# the test part. Intervals redraw speakers: the clips of one speaker are recognised or missed together,
# and to count them as independent would promise too much. McNemar's test asks of each pair of models on
# which clips they differ; Holm's correction makes up for the number of pairs.

# %%
made = wordspot.run_study(experiments, DATA, STUDY, jobs=2, threads=1, quiet=True, **READ)
results = {result.name: result for result in made}
comparison = results["family"].comparison

# %%
from wordspot.analysis.tables import comparison_tables

for title, table in comparison_tables(comparison).items():
    display(Markdown(f"**{title}**"), table.style.hide(axis="index"))

# %%
from wordspot.analysis.charts import plot_accuracies, plot_calibration, plot_noise

groups = [
    read_group(one.name, [Path(STUDY) / "family" / run for run in one.runs], "testing")
    for one in comparison.contenders
]
display(
    plot_accuracies(groups, [one.interval for one in comparison.contenders]), plot_curves_together(groups)
)

# %%
display(plot_noise(comparison), plot_calibration(groups))

# %% [markdown]
# ## 9. Experiments
#
# One model, a shortened recipe, one setting changed at a time. What is to be chosen is scored on the
# validation part: the test part is not for choosing.

# %%
for name in (other.name for other in others):
    result = results[name]
    variants = [
        read_group(one.name, [Path(STUDY) / name / run for run in one.runs], result.comparison.split)
        for one in result.comparison.contenders
    ]
    told = findings.of_experiment(name, result.comparison)
    display(Markdown(f"**{result.question}** {result.note} {told}"))
    display(plot_accuracies(variants, [one.interval for one in result.comparison.contenders]))

# %% [markdown]
# ## 10. Conclusions
#
# These sentences are chosen by the numbers above.

# %%
sentences = [
    findings.best_model(comparison),
    *(findings.difference(pair) for pair in findings.told_pairs(comparison)),
    findings.speed_of_learning(comparison.contenders),
    findings.kinds_of_error(comparison.contenders),
    findings.hopeless(groups),
    findings.in_noise(comparison),
    findings.conclusion(comparison),
]
Markdown("\n\n".join(sentences))

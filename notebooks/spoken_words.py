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
# A recogniser of single words takes one second of audio and names one of a few words. This notebook
# builds several of them, from the recordings to the comparison: it explores the clips, computes
# features, trains a plain recurrent network (RNN), then LSTM, GRU, bidirectional, attention and
# convolutional models, and tests which differences are significant.
#
# The package `wordspot` does the work; the notebook shows the parts of its code that are worth reading.
# Run it from top to bottom. Runs that are already in the folder `STUDY` are not trained again; if that
# folder holds a study, its experiments are the ones shown.

# %% tags=["parameters"]
DATA = "recordings"  # a folder of <word>/*.wav, or a torchaudio root that holds SpeechCommands/
STUDY = "study"  # folder of the runs
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")  # of a new study
QUICK = False  # for a new study: few epochs on few clips, to see every step in minutes
RUNTIME = {"threads": 1}  # device, threads, convert (other formats to 16 kHz mono), skip_bad

# %%
import inspect
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from IPython.display import Audio, Code, Markdown, display

import wordspot as ws
from wordspot.errors import warn_in_one_line
from wordspot.reporting import narrative

runtime = ws.Runtime(**RUNTIME)
torch.set_num_threads(runtime.threads or torch.get_num_threads())
warn_in_one_line()

if (Path(STUDY) / "experiments.json").exists():
    experiments = ws.read_experiments(STUDY)
elif QUICK:
    few = ws.CorpusConfig(words=WORDS, clips_per_word=30)
    experiments = ws.list_experiments(few, ["family", "augmentation"], seeds=1, epochs=2)
else:
    experiments = ws.list_experiments(ws.CorpusConfig(words=WORDS))
family = next(experiment for experiment in experiments if experiment.name == "family")
others = [experiment for experiment in experiments if experiment is not family]
MODELS = list(family.variants)
recipe = next(iter(family.variants.values()))
corpus_config = recipe.corpus
WORDS = corpus_config.classes


def source(thing):
    """Show the source code of a part of the package."""
    return Code(inspect.getsource(thing), language="python")


# %% [markdown]
# ## 1. The recordings
#
# First, what is there: how many clips of each word, from which speakers, how long they are. A corpus has
# three splits: **training** clips are learnt from, **validation** clips decide every choice, and
# **test** clips give the final figure, once. A speaker must be in one split only; otherwise the test
# would measure voices that the model was trained on.

# %%
look = ws.Exploration(DATA, corpus_config.words)
if look.index.synthetic:
    display(
        Markdown("**All figures are of synthetic speech; the splits share the voices of the synthesisers.**")
    )
look.counts().loc[[*WORDS, "all words"]]

# %%
look.marked(look.speakers().to_frame("speakers"))

# %% [markdown]
# Sampling rates and durations. All clips should have the same sampling rate: a recogniser trained at
# 16 kHz can't recognise clips at 44.1 kHz. Clips shorter than one second will be zero-padded.

# %%
display(look.formats(), look.durations())
look.plot_durations()

# %% [markdown]
# ### Waveforms and audio
#
# The waveform shows where the word is and how loud. The middle row is the input of most models: log
# energies in mel bands, which are narrow at low frequencies and wide at high ones. The bottom row is
# their discrete cosine transform, the mel-frequency cepstral coefficients (MFCC).

# %%
some = look.some(words=WORDS[:4])
look.plot_clips(some)

# %%
from wordspot.text import markdown

for path in some:
    display(Markdown(f"*{markdown(path.parent.name)}*"), look.listen(path))

# %% [markdown]
# ## 2. Features
#
# The front end turns each waveform into frames of features. The settings of the first model:

# %%
pd.Series(asdict(recipe.features)).to_frame("setting")

# %%
from wordspot.audio.features import Features

source(Features.raw)

# %% [markdown]
# Three more steps: every clip is scaled to the same **root mean square**, because the softest recordings
# are far below the loudest, and a network that rarely hears soft clips fails on them. Time derivatives
# (**deltas**) are appended, which the plain RNN needs most. And every coefficient is **standardised**
# with mean and standard deviation of the training split; statistics of the other splits would leak
# information. Padded frames are left out of the statistics.

# %%
source(Features.fit)

# %% [markdown]
# ## 3. Splits, `Dataset` and `DataLoader`
#
# The corpus is decoded once into one file of 16-bit samples. A clip is a row of it. A batch pads its
# clips to one length, the same in every batch, so that a clip's neighbours don't change its scores.

# %%
corpus = ws.open_corpus(DATA, corpus_config, runtime)
splits = {split: corpus.table(split) for split in ("training", "validation", "testing")}
speakers = {split: set(table["speaker"]) for split, table in splits.items()}
assert not speakers["training"] & speakers["testing"]
assert not speakers["training"] & speakers["validation"]
assert not speakers["validation"] & speakers["testing"]
sizes = {split: [len(splits[split]), len(speakers[split])] for split in splits}
look.marked(pd.DataFrame(sizes, index=["clips", "speakers"]))

# %%
from wordspot.corpus.dataset import ClipDataset, Collate

display(source(ClipDataset), source(Collate))
batch = next(iter(corpus.loader("training", 64, shuffle=torch.Generator().manual_seed(0))))
{
    "samples": tuple(batch.samples.shape),
    "lengths": batch.lengths[:5].tolist(),
    "labels": batch.labels[:5].tolist(),
}

# %% [markdown]
# Training clips are augmented, differently in every epoch, so that the network can't memorise them: they
# are shifted in time, frequencies and frames are masked, clips are mixed. Validation and test clips are
# not augmented.

# %%
look.plot_augmentations(some[0], some[1])

# %% [markdown]
# ## 4. The plain recurrent network
#
# An Elman network reads the frames one by one; its state is $h_t = \tanh(W x_t + U h_{t-1} + b)$. The model
# has two such layers, the mean of the states over the real frames, and a linear layer to one logit per
# word:

# %%
from wordspot.models.recurrent import Recurrent

source(Recurrent)

# %% [markdown]
# The training loop is plain PyTorch. Three things to notice: each epoch is seeded by its number, so that
# a stopped run resumes as if it had never stopped; validation uses no gradient, dropout or augmentation;
# the weights with the best validation accuracy are kept.

# %%
from wordspot.training.loop import fit, train_step

display(source(fit), source(train_step))

# %%
runs, scores = {}, {}


def train(model):
    """Train the first run of a model in the folder of the study, and evaluate it on the validation split."""
    out = Path(STUDY) / "family" / model / "seed-0"
    runs[model] = ws.train(family.seeded(model)[0], corpus, out, runtime, quiet=True)
    scores[model] = runs[model].evaluate("validation", corpus)
    print(f"{model}: validation accuracy {scores[model].accuracy:.1%}")


first = MODELS[0]
train(first)

# %% [markdown]
# The learning curves. While training and validation loss both fall, the network learns what also holds
# for new speakers. Where validation loss rises again while training loss falls, it overfits.

# %%
from wordspot.evaluation.plots import plot_curves_together, plot_differences
from wordspot.evaluation.seed_groups import read_group

runs[first].plot_curves()

# %%
scores[first].plot_confusion()

# %% [markdown]
# ## 5. LSTM and BiLSTM
#
# In a plain RNN, the influence of a frame fades over tens of frames. A long short-term memory (LSTM) adds
# a cell state that gates protect. A bidirectional LSTM also reads the clip from its end, so that the
# state of a frame depends on what follows.

# %%
for model in MODELS[1:3]:
    train(model)
    display(scores[model].plot_confusion())

# %%
groups = [read_group(model, [run], "validation") for model, run in runs.items()]
plot_curves_together(groups)

# %%
if len(groups) > 1:
    display(plot_differences(groups, WORDS))

# %% [markdown]
# ## 6. Listening to mistakes
#
# Listen to wrong answers before you explain them: is the word cut off, noisy, or just pronounced in
# another way? The faults named below are measured. `wordspot mistakes` makes a page of all mistakes.

# %%
from wordspot.inspection.clip_quality import level_db, quality_issues

shown = groups[-1]
table = shown.evaluations[0].predictions
mistakes = table.assign(confidence=shown.confidence[0])[~shown.right[0]].nlargest(6, "confidence")
rows = corpus.rows("validation")
for place, clip in mistakes.iterrows():
    sound = np.array(corpus.store.samples[rows[place], : splits["validation"]["length"][place]])
    issues = ", ".join(quality_issues(sound, corpus_config.sample_rate)) or "no fault found"
    display(
        Markdown(
            f"said **{markdown(clip['word'])}**, recognised **{markdown(clip['predicted'])}** "
            f"({clip['confidence']:.0%}); {level_db(sound):.0f} dB; {issues}"
        ),
        Audio(sound / 32768, rate=corpus_config.sample_rate, normalize=True),
    )

# %% [markdown]
# ## 7. GRU, attention, and convolutions
#
# A gated recurrent unit (GRU) has two gates where an LSTM has three. Attention pools the frames by learnt
# weights instead of their mean, and shows which frames mattered. Convolutions before the recurrent layers
# find local patterns, over time or over time and frequency, and halve the number of frames.

# %%
for model in MODELS[3:]:
    train(model)

# %%
from wordspot.models.encoders import Conv2dEncoder
from wordspot.models.pooling import AdditiveAttention

display(source(AdditiveAttention), source(Conv2dEncoder))

# %% [markdown]
# The attention weights of the last of these models, in one clip of each word:

# %%
from wordspot.evaluation.plots import plot_attention

attentive = [model for model in MODELS if getattr(family.variants[model].model, "pooling", "") == "additive"]
for model in attentive[-1:]:
    display(plot_attention(runs[model].recognizer, corpus, "validation"))

# %% [markdown]
# ## 8. The comparison
#
# Each model is trained with several seeds, because one run may be lucky. Every run is evaluated once on
# the test split. Intervals are a bootstrap over speakers: the clips of one speaker are dependent, and to
# treat them as independent would make the intervals too narrow. Pairs of models are tested over speakers
# and seeds together; p-values are adjusted for the number of pairs.

# %%
made = ws.run_study(experiments, DATA, STUDY, runtime, jobs=2, quiet=True)
results = {result.name: result for result in made}
comparison = results["family"].comparison

# %%
from wordspot.evaluation.tables import comparison_tables

for table in comparison_tables(comparison):
    display(table)

# %%
from wordspot.evaluation.plots import plot_accuracies, plot_calibration, plot_noise

groups = results["family"].groups(Path(STUDY))
display(plot_accuracies(groups, [one.interval for one in comparison.models]), plot_curves_together(groups))

# %%
display(plot_noise(comparison), plot_calibration(groups))

# %% [markdown]
# ## 9. Experiments
#
# One model with a short schedule, one setting changed at a time. Choices are made on the validation
# split; the test split is not for choosing.

# %%
for name in (other.name for other in others):
    result = results[name]
    told = narrative.finding(result)
    display(Markdown(f"**{result.question}** {result.note} {markdown(told)}"))
    intervals = [one.interval for one in result.comparison.models]
    display(plot_accuracies(result.groups(Path(STUDY)), intervals))

# %% [markdown]
# ## 10. Conclusions
#
# These sentences follow from the numbers above.

# %%
sentences = [
    narrative.best_model(comparison),
    *(narrative.difference(pair) for pair in narrative.highlighted_pairs(comparison)),
    narrative.convergence(comparison.models),
    narrative.confusions(comparison.models),
    narrative.clip_difficulty(groups),
    narrative.noise_robustness(comparison),
    narrative.conclusion(comparison),
]
Markdown("\n\n".join(map(markdown, sentences)))

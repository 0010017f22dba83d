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
# # Recognising spoken words with RNNs and LSTMs
#
# A recogniser of single words hears one second of sound and names one of a
# few words. This notebook builds several of them in plain PyTorch, from the
# files to the figure on the test part, every step in a few lines that you can
# change. After each step an assertion shows that the package `wordspot`,
# which does the same faster, gives the same numbers. From section 7 on the
# package trains every model with several seeds, and the results are read:
# which model is best, what it gets wrong and why, what each change is worth.
#
# Before a result there is a question: answer it before you run the cell.

# %% tags=["parameters"]
# The recordings: a folder of <word>/*.wav, a torchaudio root that holds
# SpeechCommands/, "speech-commands" (downloads 2.3 GB), or "synthetic".
DATA = "synthetic"
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
# Folder of a study: one that is there is shown (with its own words);
# otherwise small runs are trained in section 7 and kept there.
STUDY = "study"
QUICK = False  # few clips and epochs, to see every step in minutes
DISCUSSION = None  # a Markdown file with an author's paragraphs
# device, convert (to 16 kHz mono), skip_bad, speaker_from (regular expression)
RUNTIME = {"threads": 1}

# %%
import re
import time
from copy import copy, deepcopy
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
import torch
import torchaudio
from IPython.display import HTML, Audio, Markdown, display
from torch import nn
from torch.nn.functional import cross_entropy, pad
from torch.utils.data import DataLoader, Dataset

import wordspot as ws
from wordspot.corpus.sources import find_index
from wordspot.errors import warn_in_one_line
from wordspot.reporting import narrative
from wordspot.reporting.discussion import read_discussion
from wordspot.reporting.notebook import PLACES
from wordspot.runs.metrics import training_minutes

runtime = ws.Runtime(**RUNTIME)
torch.set_num_threads(runtime.threads)
warn_in_one_line()
plt.rcParams |= {"axes.spines.top": False, "axes.spines.right": False}

RATE, LENGTH = 16_000, 16_000  # hertz; samples of a clip: one second
results = {}  # of the study that is there, whose words are taken
if (Path(STUDY) / "study.json").is_file():
    results = ws.read_study(STUDY)
    for one in ws.read_experiments(STUDY):
        if one.name == ("controlled" if "controlled" in results else "family"):
            WORDS = next(iter(one.variants.values())).corpus.words
paragraphs = read_discussion(DISCUSSION, PLACES) if DISCUSSION else {}


def discuss(place, *facts):
    """Tell what numbers say, then what the author of a discussion says."""
    display(Markdown("\n\n".join([*facts, paragraphs.get(place, "")])))


# %% [markdown]
# ## 1. The recordings
#
# `torchaudio.datasets.SPEECHCOMMANDS` holds about 105,000 clips of one second
# (Warden 2018): 35 words, said by 2,618 people into whatever microphone they
# had. Its `subset` is one of three parts. **Training** clips are learnt from,
# **validation** clips decide every choice, and **testing** clips give the
# final figure, once. `dataset[n]` decodes a clip by torchcodec and FFmpeg,
# which many machines lack, so only `get_metadata(n)` is used here: path,
# sampling rate, word, speaker, and the number of the recording.
#
# Any folder of words is split by the rule of that data set: a hash of the
# speaker's name decides the part.
#
# *What do you expect: how many clips has each word, and may a speaker be in
# two parts?*

# %%
index = find_index(DATA, WORDS, speaker_from=runtime.speaker_from)
root = index.root  # the clips are root/<word>/<file>.wav

if root.parent.name == "SpeechCommands":
    rows = []
    for split in ("training", "validation", "testing"):
        part = torchaudio.datasets.SPEECHCOMMANDS(
            root.parents[1], url=root.name, subset=split
        )
        for n in range(len(part)):
            path, rate, word, speaker, number = part.get_metadata(n)
            path = Path(path).relative_to(root.name).as_posix()
            rows.append((path, word, speaker, split))
else:
    rows = [(c.path, c.word, c.speaker, c.split) for c in index.clips]
clips = pd.DataFrame(rows, columns=["path", "word", "speaker", "split"])
clips = clips[clips["word"].isin(WORDS)]
clips.head()

# %%
MARK = "synthetic speech" if index.synthetic else ""
if MARK:
    display(
        Markdown(
            "**All figures are of synthetic speech; the parts share the "
            "voices of the synthesisers.**"
        )
    )
counts = pd.crosstab(clips["word"], clips["split"], margins=True)
counts = counts[["training", "validation", "testing", "All"]]
people = clips.groupby("split")["speaker"]
counts.loc["speakers"] = [
    *(people.nunique()[split] for split in counts.columns[:3]),
    clips["speaker"].nunique(),
]
counts.rename_axis(columns=MARK)

# %% [markdown]
# A speaker in two parts would make the test part measure voices that were
# trained on. The package lists the same clips in the same parts, and decodes
# them once into one file.

# %%
names = {split: set(speakers) for split, speakers in people}
assert not names["training"] & names["testing"]
assert not names["training"] & names["validation"]
assert not names["validation"] & names["testing"]

few = 100 if QUICK else None  # training clips of each word
corpus_config = ws.CorpusConfig(words=WORDS, clips_per_word=few)
corpus = ws.open_corpus(DATA, corpus_config, runtime)
theirs = corpus.store.table[["path", "word", "speaker", "split"]]
mine = clips[clips["path"].isin(theirs["path"])]  # without unusable ones
assert len(theirs) == len(mine) == len(clips) - len(corpus.store.skipped)
assert set(theirs.itertuples(index=False)) == set(mine.itertuples(index=False))
clips = mine.copy()
splits = {split: corpus.table(split) for split in names}
{split: len(table) for split, table in splits.items()}  # clips used below

# %% [markdown]
# ### Waveforms
#
# soundfile reads the samples. The players play them as they are, each at its
# own loudness. *Where in its second is a word, and how loud: is that alike
# from clip to clip?*


# %%
from wordspot.text import markdown


def read(path):
    """Read the first second of a clip as float32 [length] in [-1, 1)."""
    if runtime.convert:  # files of other formats
        from wordspot.audio.io import read_clip

        samples = read_clip(root / path, RATE, convert=True)
    else:
        samples, rate = soundfile.read(root / path, dtype="int16")
        assert rate == RATE
    return torch.from_numpy(samples[:LENGTH] / np.float32(32768))


def figure(*grid, **settings):
    """Give a figure and its axes, marked where speech is synthetic."""
    drawn, axes = plt.subplots(*grid, layout="constrained", **settings)
    if MARK:
        drawn.suptitle(MARK, x=0.01, ha="left", fontsize="small")
    return drawn, axes


examples = splits["training"].drop_duplicates("word").head(4)
_, axes = figure(1, len(examples), figsize=(10, 2.2), sharey=True)
for ax, clip in zip(axes, examples.itertuples(), strict=True):
    waveform = read(clip.path)  # (length,)
    ax.plot(np.arange(len(waveform)) / RATE, waveform, linewidth=0.5)
    ax.set(title=clip.word, xlabel="time (s)", xlim=(0, 1))
axes[0].set_ylabel("amplitude")
plt.show()
for clip in examples.itertuples():
    sound = Audio(read(clip.path).numpy(), rate=RATE, normalize=False)
    display(Markdown(f"*{markdown(clip.word)}*"), sound)

# %% [markdown]
# ### Durations and sampling rates
#
# *How many clips are not exactly one second long, and why would that be?*

# %%
headers = [soundfile.info(root / path) for path in clips["path"]]
clips["seconds"] = [header.duration for header in headers]
clips["rate"] = [header.samplerate for header in headers]
durations = clips.groupby("word")["seconds"]
table = durations.describe()[["count", "min", "50%", "max"]]
table["count"] = table["count"].astype(int)
table["under 1 s"] = durations.agg(lambda seconds: (seconds < 1).mean())
table["rates (Hz)"] = clips.groupby("word")["rate"].unique()

_, axes = figure(figsize=(7, 2.6))
axes.hist(clips["seconds"], bins=50, log=True)
axes.set(xlabel="duration (s)", ylabel="clips (logarithmic)")
plt.show()
display(table.round(3).rename_axis(columns=MARK))
short = (clips["seconds"] < 1).mean()
discuss(
    "recordings",
    f"{len(clips):,} clips of {len(WORDS)} words by "
    f"{clips['speaker'].nunique():,} speakers; {short:.1%} are shorter than "
    f"one second, the shortest has {clips['seconds'].min():.2f} s.",
)

# %% [markdown]
# ## 2. Features
#
# A network could read the 16,000 samples, but what tells words apart is how
# the energy at each frequency changes over some tens of milliseconds. A
# **mel spectrogram** has that: windows of 40 ms, one every 20 ms, their
# Fourier transforms, and the energies summed in 40 triangular bands that are
# narrow at low frequencies and wide at high ones, as hearing is.
#
# *Which parts of a word will be seen: the hiss of an s, the silence before a
# t, the vowel?*

# %%
HOP = 320  # samples from frame to frame: 20 ms
front_end = {
    "n_fft": 640,  # points of the Fourier transform
    "win_length": 640,  # samples of a window: 40 ms
    "hop_length": HOP,
    "f_min": 20.0,  # hertz
    "f_max": 7_600.0,
    "n_mels": 40,  # bands
    "pad_mode": "constant",  # zeros before the clip and behind it
}
mel = torchaudio.transforms.MelSpectrogram(RATE, **front_end)
mfcc = torchaudio.transforms.MFCC(
    RATE,
    n_mfcc=20,  # coefficients kept
    log_mels=True,  # natural logarithm instead of decibels
    melkwargs=front_end,
)
waveform = read(examples["path"].iloc[0])
{
    "waveform": tuple(waveform.shape),
    "mel spectrogram (bands, frames)": tuple(mel(waveform).shape),
    "MFCC (coefficients, frames)": tuple(mfcc(waveform).shape),
}

# %%
# Edges of the bands in hertz: equal steps on the mel scale.
top = 2595 * np.log10(1 + np.array([20, 7_600]) / 700)
corners = 700 * (10 ** (np.linspace(*top, 42) / 2595) - 1)
edges = (corners[1:] + corners[:-1]) / 2  # (41,)


def frame_edges(count):
    """Give the times in seconds between frames, each centred on its own."""
    return (np.arange(count + 1) - 0.5) * HOP / RATE


def draw_mel(ax, waveform):
    """Draw the mel energies of a waveform in decibels below the loudest."""
    decibels = 10 * torch.log10(mel(waveform) + 1e-10)  # (40, T)
    decibels -= decibels.max()
    times = frame_edges(decibels.shape[1])
    return ax.pcolormesh(times, edges, decibels, vmin=-60, vmax=0)


drawn, axes = figure(
    2, len(examples), figsize=(10, 4.6), sharex=True, sharey="row"
)
for column, clip in zip(axes.T, examples.itertuples(), strict=True):
    waveform = read(clip.path)
    shades = draw_mel(column[0], waveform)
    column[0].set(title=clip.word)
    # Without coefficient 0, the loudness, which would hide the others.
    coefficients = 10 / np.log(10) * mfcc(waveform)[1:]  # in decibels
    times = frame_edges(coefficients.shape[1])
    low = column[1].pcolormesh(
        times,
        np.arange(0.5, 20),
        coefficients,
        cmap="RdBu_r",
        vmin=-60,
        vmax=60,
    )
    column[1].set(xlabel="time (s)")
axes[0, 0].set_ylabel("frequency (Hz)")
axes[1, 0].set_ylabel("MFCC number")
drawn.colorbar(shades, ax=axes[0], label="dB below loudest")
drawn.colorbar(low, ax=axes[1], label="dB")
plt.show()

# %% [markdown]
# **MFCC** (lower row) are the cosine transform of the logarithms of these
# energies. The low coefficients describe the coarse shape of the spectrum,
# so 20 say about as much as 40 bands; that helped models that can't cope with
# correlated inputs. Networks can, so the bands themselves are used here; two
# lines below change that.
#
# Three more choices. Every clip is scaled to one root mean square, because
# the softest clips are far softer than the loudest. The logarithm has a small
# constant below it, so that silence is not minus infinity. And the slope of
# each band over five frames (**delta**) is appended, which a plain RNN, whose
# memory is short, can't work out well by itself.


# %%
def features(waveform):
    """Turn a waveform [length] into features [T, 80]."""
    rms = waveform.square().mean().sqrt().clamp(min=1e-3)
    levelled = waveform * (0.05 / rms)
    static = torch.log(mel(levelled) + 1e-6)  # (40, T)
    # static = mfcc(levelled)  # (20, T) instead
    slopes = torchaudio.functional.compute_deltas(static)
    return torch.cat([static, slopes]).T  # (T, 80)


SETTINGS = ws.FeatureConfig()  # the same for the package
# SETTINGS = ws.FeatureConfig(transform="mfcc", n_mfcc=20)

tuple(features(waveform).shape)

# %% [markdown]
# The package computes the same for a padded batch, in fewer passes over the
# samples (`wordspot/audio/features.py`). They are compared in double
# precision, since float32 rounds the softest bands by up to a thousandth.

# %%
from wordspot.audio.features import Features
from wordspot.audio.padding import pad_clips

several = [read(path).double() for path in splits["training"]["path"][:50]]
padded, lengths = pad_clips(several, LENGTH)  # (50, S), (50,)
mel.double(), mfcc.double()
used = Features(SETTINGS, RATE).double()
config = ws.FeatureConfig(transform="mfcc", deltas=0, rms_normalize=False)
cepstrum = Features(config, RATE).double()
for own, package in (
    (features, used.raw(padded, lengths)),  # (50, T, 80)
    (lambda waveform: mfcc(waveform).T, cepstrum.raw(padded, lengths)),
):
    for waveform, row in zip(several, package, strict=True):
        mine = own(waveform)
        assert torch.allclose(mine, row[: len(mine)], rtol=0, atol=1e-4)
for module in (mel, mfcc):
    module.float()
# %% [markdown]
# ## 3. Batches
#
# The clips of a batch need one length. `pad_sequence` appends zeros up to the
# longest; here every batch is padded on to the longest that can come, so that
# a clip's neighbours change nothing. Its number of real frames goes along,
# since the network must not take the padding for speech.

# %%
from torch.nn.utils.rnn import pad_sequence

MAXIMUM = 1 + LENGTH // HOP  # frames of one second
pieces = [
    features(read(path)[: 4_000 * n])
    for n, path in enumerate(examples["path"], 1)
]
padded = pad_sequence(pieces, batch_first=True)  # (B, longest, 80)
[len(piece) for piece in pieces], tuple(padded.shape), MAXIMUM


# %%
class Words(Dataset):
    """Clips of one part: features [T, 80] and the number of the word."""

    def __init__(self, table):
        self.labels = [WORDS.index(word) for word in table["word"]]
        # Computed once, since they are the same in every epoch.
        self.features = [features(read(path)) for path in table["path"]]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, n):
        return self.features[n], self.labels[n]


data = {split: Words(table) for split, table in splits.items()}

# %% [markdown]
# Networks learn best from inputs around 0. Mean and standard deviation of
# every feature come from the **training** part alone: those of other parts
# would tell the network something of clips that it must not know. They are
# of real frames, since padding is appended after scaling.

# %%
every = torch.cat(data["training"].features)  # (frames, 80)
mean = every.mean(dim=0)
std = every.std(dim=0, correction=0).clamp(min=1e-5)
del every  # as large as all features


def collate(items):
    """Make a batch of clips: [B, MAXIMUM, 80], real frames [B], labels [B]."""
    clips, labels = zip(*items, strict=True)
    frames = torch.tensor([len(clip) for clip in clips])
    scaled = [(clip - mean) / std for clip in clips]
    batch = pad_sequence(scaled, batch_first=True)  # (B, longest, 80)
    batch = pad(batch, (0, 0, 0, MAXIMUM - batch.shape[1]))
    return batch, frames, torch.tensor(labels)


order = torch.Generator()  # of the training clips
loaders = {
    "training": DataLoader(
        data["training"],
        batch_size=64,
        shuffle=True,
        generator=order,
        collate_fn=collate,
        # BatchNorm can't use a batch of a single clip.
        drop_last=len(data["training"]) % 64 == 1,
    ),
    "validation": DataLoader(
        data["validation"], batch_size=256, collate_fn=collate
    ),
    "testing": DataLoader(data["testing"], batch_size=256, collate_fn=collate),
}
batch, frames, labels = next(iter(loaders["validation"]))
tuple(batch.shape), frames[:5].tolist(), labels[:5].tolist()

# %% [markdown]
# The package's `Dataset` holds samples, so that they can be augmented, and
# gives all clips of a batch at once; its features are computed from a whole
# batch. The batch is the same.

# %%
from wordspot.audio.features import to_float
from wordspot.audio.padding import zero_padding

fast = Features(SETTINGS, RATE)
fast.fit((to_float(b.samples), b.lengths) for b in corpus.loader("training"))
samples, lengths, same_labels = next(iter(corpus.loader("validation")))
same = zero_padding(fast(to_float(samples), lengths), fast.frames(lengths))
assert torch.allclose(fast.mean, mean, atol=1e-3)
assert torch.allclose(same, batch, atol=5e-3)  # over a small deviation
assert torch.equal(fast.frames(lengths), frames)
assert torch.equal(same_labels, labels)

# %% [markdown]
# ## 4. A plain recurrent network
#
# An Elman network reads the frames one by one. Its state is
# $h_t = \tanh(W x_t + U h_{t-1} + b)$. Two such layers, the mean of the
# states over the real frames, and a linear layer to one number (logit) for
# every word. **Dropout** sets a fifth of the values to zero in training, so
# that none is relied upon alone.


# %%
class RNN(nn.Module):
    """Features [B, T, F] and real frames [B] to logits [B, C]."""

    def __init__(self, n_features, n_words, hidden=129, dropout=0.2):
        super().__init__()
        self.recurrent = nn.RNN(
            n_features, hidden, num_layers=2, dropout=dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_words)

    def states(self, features, frames):
        """Give the states [B, T, H], and how many of them are real [B]."""
        states, _ = self.recurrent(features)
        return states, frames

    def pool(self, states, frames):
        """Average states [B, T, H] over the real frames: [B, H]."""
        real = torch.arange(states.shape[1]) < frames[:, None]  # (B, T)
        return (states * real[:, :, None]).sum(dim=1) / frames[:, None]

    def forward(self, features, frames):
        states, frames = self.states(features, frames)  # (B, T, H)
        pooled = self.pool(states, frames)  # (B, H)
        return self.head(self.dropout(pooled))  # (B, C)


def weights(model):
    """Count the weights of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


F, C = batch.shape[2], len(WORDS)
torch.manual_seed(0)
rnn = RNN(F, C)
print(rnn)
print(f"{weights(rnn):,} weights; logits {tuple(rnn(batch, frames).shape)}")

# %% [markdown]
# The package's model with these weights has the same loss and the same
# gradients.

# %%
from wordspot.config import RecurrentConfig
from wordspot.models import make_model


def in_package(named, two_directions):
    """Name tensors as the package does, which keeps directions apart."""
    if not two_directions:
        return dict(named)
    renamed = {}
    for name, tensor in named:
        found = re.fullmatch(r"recurrent\.(\w+)_l(\d)(_reverse)?", name)
        if found:
            side = "back" if found[3] else "ahead"
            name = f"recurrent.{side}.{found[2]}.{found[1]}_l0"
        renamed[name] = tensor
    return renamed


def assert_as_package(mine, batch, frames, labels, **layers):
    """Assert that the package's model of these layers does the same.

    In double precision: other orders of a sum then differ by next to nothing.
    """
    settings = RecurrentConfig(dropout=0.0, **layers)
    both = settings.bidirectional
    batch, mine = batch.double(), mine.double()
    theirs = make_model(settings, batch.shape[2], C).double()
    theirs.load_state_dict(in_package(mine.state_dict().items(), both))
    losses = []
    for model in (mine, theirs):
        model.train()
        losses.append(cross_entropy(model(batch, frames), labels))
        losses[-1].backward()
    torch.testing.assert_close(*losses)
    own = in_package(mine.named_parameters(), both)
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(
            own[name].grad, parameter.grad, atol=1e-4, rtol=1e-3
        )


assert_as_package(
    RNN(F, C, dropout=0.0), batch, frames, labels, cell="rnn", hidden_size=129
)

# %% [markdown]
# ### The loops
#
# Evaluation needs no gradient, and no dropout: `model.eval()` switches it off,
# `torch.no_grad()` saves the work.


# %%
def evaluate(model, loader):
    """Give loss, accuracy, and the probabilities of each word [N, C]."""
    model.eval()
    logits, labels = [], []
    with torch.no_grad():
        for batch, frames, said in loader:
            logits.append(model(batch, frames))  # (B, C)
            labels.append(said)
    logits, labels = torch.cat(logits), torch.cat(labels)
    loss = cross_entropy(logits, labels).item()
    accuracy = (logits.argmax(dim=1) == labels).float().mean().item()
    return loss, accuracy, logits.softmax(dim=1)


# %% [markdown]
# Training: for each batch the old gradients are cleared, the loss is computed
# and propagated backward, and the optimiser takes a step. A gradient that is
# too long is shortened, since through 50 frames it can explode. The learning
# rate falls along half a cosine. The weights of the epoch with the best
# validation accuracy are kept.


# %%
def step(model, optimizer, batch, frames, labels):
    """Take one step; gives the loss before it."""
    optimizer.zero_grad()
    loss = cross_entropy(model(batch, frames), labels)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


EPOCHS = 6 if QUICK else 12


def train(model, epochs=EPOCHS, learning_rate=2e-3):
    """Train a model; gives one row for each epoch."""
    torch.manual_seed(0)  # of dropout
    order.manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    rows, best, seconds = [], -1.0, 0.0
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        model.train()  # dropout on
        losses = [
            step(model, optimizer, *batch) for batch in loaders["training"]
        ]
        schedule.step()
        loss, accuracy, _ = evaluate(model, loaders["validation"])
        seconds += time.perf_counter() - started
        rows.append((epoch, seconds, np.mean(losses), loss, accuracy))
        if accuracy > best:
            best, kept = accuracy, deepcopy(model.state_dict())
    model.load_state_dict(kept)
    columns = ["epoch", "seconds", "training", "validation", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


# %% [markdown]
# One step of the package changes the weights as `step` does (here with plain
# gradient descent, whose step is in proportion to the gradient).

# %%
from wordspot.training.loop import model_step

own = RNN(F, C, dropout=0.0)
config = ws.RunConfig(
    RecurrentConfig(cell="rnn", hidden_size=129, dropout=0.0),
    corpus.config,
    SETTINGS,
)
recognizer = ws.Recognizer(config).train()
recognizer.model.load_state_dict(own.state_dict())
step(own, torch.optim.SGD(own.parameters(), 0.1), batch, frames, labels)
sgd = torch.optim.SGD(recognizer.parameters(), 0.1)
model_step(recognizer, sgd, batch, frames, labels)
for name, parameter in recognizer.model.named_parameters():
    torch.testing.assert_close(dict(own.named_parameters())[name], parameter)

# %% [markdown]
# ### Training it
#
# *Guessing gets one clip right in as many as there are words. What will the
# RNN reach after a few passes over the training clips, and will the training
# loss stay above the validation loss or fall below it?*

# %%
networks, curves = {"RNN": rnn}, {}
curves["RNN"] = train(rnn)

_, (left, right) = figure(1, 2, figsize=(9, 3))
for part in ("training", "validation"):
    left.plot(curves["RNN"]["epoch"], curves["RNN"][part], label=part)
left.set(xlabel="epoch", ylabel="loss (nats)")
left.legend()
right.plot(curves["RNN"]["epoch"], curves["RNN"]["accuracy"], color="C1")
right.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1))
for ax in (left, right):
    ax.xaxis.get_major_locator().set_params(integer=True)
plt.show()


def told(name):
    """Tell the curve of a network by its numbers."""
    rows = curves[name]
    best = rows.loc[rows["accuracy"].idxmax()]
    return (
        f"{name}: {rows['accuracy'].iloc[0]:.1%} of the validation clips are "
        f"recognised after the first epoch, {best['accuracy']:.1%} after "
        f"epoch {best['epoch']:.0f}, the best. The last epoch has a loss of "
        f"{rows['training'].iloc[-1]:.2f} in training and "
        f"{rows['validation'].iloc[-1]:.2f} in validation."
    )


discuss("first network", told("RNN"))

# %% [markdown]
# While both losses fall, the network learns what also holds for new speakers.
# Where the validation loss rises and the training loss goes on falling, it
# learns its clips by heart: it **overfits**.
#
# The **confusion matrix** counts which word was recognised for which. Of a
# word's clips, **recall** is the share that is recognised; of the clips
# recognised as it, **precision** is the share that is it; **F1** is their
# harmonic mean. The macro average counts every word alike.
#
# *Which words do you expect to be confused with each other?*

# %%
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    classification_report,
    confusion_matrix,
)


def draw_confusion(ax, matrix, title, words=WORDS):
    """Draw counts [C, C]: rows are said, columns recognised."""
    shown = ConfusionMatrixDisplay(matrix, display_labels=words)
    shown.plot(
        ax=ax,
        cmap="Blues",
        colorbar=False,
        xticks_rotation=90,
        values_format=".0f",
        text_kw={"fontsize": 7},
    )
    ax.set(title=title, xlabel="recognised", ylabel="said")


_, _, probabilities = evaluate(rnn, loaders["validation"])
said = np.array(WORDS)[data["validation"].labels]
heard = np.array(WORDS)[probabilities.argmax(dim=1)]
print(classification_report(said, heard, labels=WORDS, zero_division=0))
matrix = confusion_matrix(said, heard, labels=WORDS)
_, axes = figure(figsize=(5, 5))
draw_confusion(axes, matrix, "RNN, validation")
plt.show()

# %% [markdown]
# ## 5. An LSTM, by the same procedure
#
# In a plain RNN the influence of a frame fades within tens of frames, and so
# does its gradient. A **long short-term memory** adds a cell state, which
# gates protect: it is changed by adding, not by a product in every frame. Its
# four sets of weights make it four times as large, so it gets fewer units:
# both networks have about the same number of weights, and everything else is
# alike.
#
# *Which one is better after the first epoch, which at the end, and which
# needs more seconds for an epoch?*


# %%
class LSTM(RNN):
    """The same with LSTM layers."""

    def __init__(self, n_features, n_words, hidden=59, dropout=0.2):
        super().__init__(n_features, n_words, hidden, dropout)
        self.recurrent = nn.LSTM(  # the one change
            n_features, hidden, num_layers=2, dropout=dropout, batch_first=True
        )


assert_as_package(
    LSTM(F, C, dropout=0.0), batch, frames, labels, cell="lstm", hidden_size=59
)
torch.manual_seed(0)
networks["LSTM"] = LSTM(F, C)
curves["LSTM"] = train(networks["LSTM"])
{name: f"{weights(network):,} weights" for name, network in networks.items()}


# %%
def plot_learning(curves):
    """Plot validation accuracy against epochs and against seconds.

    A name has the table of one run, or a list of tables.
    """
    _, (left, right) = figure(1, 2, figsize=(10, 3.4), sharey=True)
    for number, (name, runs) in enumerate(curves.items()):
        runs = [runs] if isinstance(runs, pd.DataFrame) else runs
        for run in runs:
            label = name if run is runs[0] else None
            style = {"color": f"C{number}", "label": label, "alpha": 0.8}
            left.plot(run["epoch"], run["accuracy"], **style)
            right.plot(run["seconds"], run["accuracy"], **style)
    left.set(xlabel="epoch", ylabel="validation accuracy")
    left.xaxis.get_major_locator().set_params(integer=True)
    right.set(xlabel="seconds of training")
    right.set_xlim(left=0)
    left.legend()
    plt.show()


plot_learning(curves)


def reached(name, share=0.9):
    """Tell when a network has a share of the best accuracy of all."""
    goal = share * max(rows["accuracy"].max() for rows in curves.values())
    there = curves[name][curves[name]["accuracy"] >= goal]
    if there.empty:
        return f"{name} does not reach {goal:.1%}."
    first = there.iloc[0]
    return (
        f"{name} reaches {goal:.1%}, nine tenths of the best, in epoch "
        f"{first['epoch']:.0f}, after {first['seconds']:.0f} s."
    )


discuss(
    "rnn and lstm",
    told("RNN"),
    told("LSTM"),
    f"{reached('RNN')} {reached('LSTM')}",
)

# %% [markdown]
# *Does the better network get right what the other gets right, and more; or
# do they miss different clips?*

# %%
answers = {
    name: evaluate(network, loaders["validation"])[2].argmax(dim=1).numpy()
    for name, network in networks.items()
}
truth = np.array(data["validation"].labels)
right = {name: answer == truth for name, answer in answers.items()}
matrices = [
    confusion_matrix(truth, answers[name], labels=range(C))
    for name in ("LSTM", "RNN")
]


def draw_difference(matrix, title, words=WORDS):
    """Draw a difference of counts; the scale is that of the confusions."""
    drawn, ax = figure(figsize=(5.5, 4.8))
    confusions = matrix - np.diag(np.diag(matrix))
    largest = max(1, np.abs(confusions).max())
    shades = ax.imshow(matrix, cmap="RdBu_r", vmin=-largest, vmax=largest)
    ax.set_xticks(range(len(words)), words, rotation=90)
    ax.set_yticks(range(len(words)), words)
    ax.set(title=title, xlabel="recognised", ylabel="said")
    drawn.colorbar(shades, label="clips (the diagonal goes beyond)")
    plt.show()


draw_difference(matrices[0] - matrices[1], "LSTM less RNN, validation")
discuss(
    "different errors",
    f"Of {len(truth):,} validation clips, "
    f"{(right['LSTM'] & ~right['RNN']).sum()} are recognised by the LSTM "
    f"alone, {(right['RNN'] & ~right['LSTM']).sum()} by the RNN alone, and "
    f"{(~right['RNN'] & ~right['LSTM']).sum()} by neither.",
)

# %% [markdown]
# ## 6. Both directions, attention, convolutions
#
# A **bidirectional** LSTM also reads the clip from its end. The backward
# direction must begin at the last real frame, not in the padding:
# `pack_padded_sequence` does that. With two directions the state has twice
# the size. **BatchNorm1d** brings every element of the pooled state to mean 0
# and deviation 1 within the batch, which makes training less sensitive to the
# learning rate.

# %%
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLSTM(RNN):
    """LSTM layers in both directions, and batch normalisation."""

    def __init__(self, n_features, n_words, hidden=35, dropout=0.2):
        super().__init__(n_features, n_words, hidden, dropout)
        self.recurrent = nn.LSTM(
            n_features,
            hidden,
            num_layers=2,
            dropout=dropout,
            batch_first=True,
            bidirectional=True,
        )
        self.head_norm = nn.BatchNorm1d(2 * hidden)
        self.head = nn.Linear(2 * hidden, n_words)

    def states(self, features, frames):
        packed = pack_padded_sequence(
            features, frames, batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.recurrent(packed)[0],
            batch_first=True,
            total_length=features.shape[1],
        )
        return states, frames  # (B, T, 2 H), (B)

    def forward(self, features, frames):
        states, frames = self.states(features, frames)
        pooled = self.head_norm(self.pool(states, frames))  # (B, 2 H)
        return self.head(self.dropout(pooled))


layers = {"cell": "lstm", "bidirectional": True, "head_norm": True}
assert_as_package(
    BiLSTM(F, C, dropout=0.0), batch, frames, labels, hidden_size=35, **layers
)

# %% [markdown]
# The mean counts all frames alike, silence too. **Attention** gives each
# frame a weight of its own, computed from its state by a small network; the
# weights of a clip sum to 1 (softmax), and padding has none.


# %%
class AttentionWeights(nn.Module):
    """States [B, T, D] and real frames [B] to weights [B, T]."""

    def __init__(self, size):
        super().__init__()
        self.hidden = nn.Linear(size, 64)
        self.score = nn.Linear(64, 1, bias=False)

    def forward(self, states, frames):
        scores = self.score(torch.tanh(self.hidden(states)))[:, :, 0]
        padding = torch.arange(states.shape[1]) >= frames[:, None]
        return scores.masked_fill(padding, -torch.inf).softmax(dim=1)


class Attention(BiLSTM):
    """The same with attention in place of the mean."""

    def __init__(self, n_features, n_words, hidden=33, dropout=0.2):
        super().__init__(n_features, n_words, hidden, dropout)
        self.pooling = AttentionWeights(2 * hidden)

    def pool(self, states, frames):
        weights = self.pooling(states, frames)  # (B, T)
        return (weights[:, :, None] * states).sum(dim=1)  # (B, 2 H)


layers["pooling"] = "additive"
own = Attention(F, C, dropout=0.0)
assert_as_package(own, batch, frames, labels, hidden_size=33, **layers)

# %% [markdown]
# A **CNN-LSTM** takes the log-mel energies for a picture. Convolutions over
# time and frequency find local patterns, such as an onset or a rising
# formant, wherever they stand; pooling makes frequency an eighth as fine and
# time half as fine. Then the picture becomes a sequence again: the channels
# and bands that belong to one time are one vector.


# %%
class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU and max pooling."""

    def __init__(self, inputs, outputs, pool):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.pool = nn.MaxPool2d(pool, ceil_mode=True)

    def forward(self, image):  # (B, C, T, F)
        return self.pool(torch.relu(self.norm(self.convolution(image))))


class Encoder(nn.Module):
    """Features [B, T, 40] to [B, T / 2, 2 * channels * 5]."""

    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                Convolution(1, channels, (2, 2)),
                Convolution(channels, 2 * channels, (1, 2)),
                Convolution(2 * channels, 2 * channels, (1, 2)),
            ]
        )

    def forward(self, features):
        image = features[:, None]  # (B, 1, T, 40)
        for layer in self.layers:
            image = layer(image)  # at last (B, 2 * channels, T / 2, 5)
        B, channels, T, bands = image.shape
        image = image.permute(0, 2, 1, 3)  # (B, T / 2, 2 * channels, 5)
        return image.reshape(B, T, channels * bands)


class CNNLSTM(Attention):
    """Convolutions before one bidirectional LSTM layer, attention.

    Of features [B, T, F] it takes the first 40, without their slopes.
    """

    def __init__(self, n_words, channels=10, hidden=43, dropout=0.2):
        size = 2 * channels * 5
        super().__init__(size, n_words, hidden, dropout)
        self.encoder = Encoder(channels)
        self.recurrent = nn.LSTM(
            size, hidden, batch_first=True, bidirectional=True
        )

    def states(self, features, frames):
        encoded = self.encoder(features[:, :, :40])  # (B, T / 2, size)
        return super().states(encoded, (frames + 1) // 2)


# %% [markdown]
# The package's convolutions leave the padding out of every statistic; those
# above take it for silence. So both agree on clips without padding: here
# random numbers.

# %%
full = torch.randn(8, MAXIMUM, 40), torch.full((8,), MAXIMUM), labels[:8]
assert_as_package(
    CNNLSTM(C, dropout=0.0),
    *(full if len(labels) >= 8 else (part[: len(labels)] for part in full)),
    **layers,
    encoder="conv2d",
    channels=10,
    hidden_size=43,
    num_layers=1,
)

# %% [markdown]
# *Which of the five will be best, and which learns fastest per epoch? What
# would you have to change to tell whether it is the convolutions or the
# attention that helps?*

# %%
for name, make in {
    "BiLSTM": lambda: BiLSTM(F, C),
    "attention": lambda: Attention(F, C),
    "CNN-LSTM": lambda: CNNLSTM(C),
}.items():
    torch.manual_seed(0)
    networks[name] = make()
    curves[name] = train(networks[name])
plot_learning(curves)
table = pd.DataFrame(
    {
        name: {
            "weights": f"{weights(network):,}",
            "best validation accuracy": f"{rows['accuracy'].max():.1%}",
            "in epoch": rows["accuracy"].argmax() + 1,
            "s per epoch": f"{rows['seconds'].iloc[-1] / EPOCHS:.1f}",
        }
        for (name, network), rows in zip(
            networks.items(), curves.values(), strict=True
        )
    }
).T
display(table.rename_axis(columns=MARK))
discuss("architectures", " ".join(map(reached, networks)))

# %% [markdown]
# ### The test part, once
#
# All choices are made, so now the test part may be asked. Clips of one
# speaker are dependent; the intervals are a bootstrap over speakers, and the
# package's `score` checks what scikit-learn counts.
#
# *Will the accuracies be those of the validation part?*

# %%
from sklearn.metrics import accuracy_score, f1_score

from wordspot.evaluation.evaluate import score

said = np.array(WORDS)[data["testing"].labels]
tested, rows = {}, {}
for name, network in networks.items():
    _, accuracy, probabilities = evaluate(network, loaders["testing"])
    heard = np.array(WORDS)[probabilities.argmax(dim=1)]
    f1 = f1_score(said, heard, labels=WORDS, average="macro", zero_division=0)
    tested[name] = score(corpus, probabilities.numpy(), "testing", "testing")
    assert np.isclose(tested[name].accuracy, accuracy_score(said, heard))
    assert np.isclose(tested[name].macro_f1, f1)
    low, high = tested[name].interval
    rows[name] = [f"{accuracy:.1%}", f"{low:.1%} to {high:.1%}", f"{f1:.3f}"]
columns = ["test accuracy", "95 % interval", "macro F1"]
display(pd.DataFrame(rows, index=columns).T.rename_axis(columns=MARK))


def draw_confusions(matrices, words):
    """Draw matrices [C, C] by their titles, the first one larger."""
    first, *others = matrices.items()
    side = 1.6 + 0.34 * len(words)
    _, axes = figure(figsize=(side, side))
    draw_confusion(axes, np.array(first[1]), first[0], words)
    for start in range(0, len(others), 2):
        _, axes = figure(1, 2, figsize=(1.7 * side, 0.9 * side))
        for ax in axes[len(others) - start :]:
            ax.set_axis_off()
        for ax, (title, matrix) in zip(axes, others[start:], strict=False):
            draw_confusion(ax, np.array(matrix), title, words)
    plt.show()


best = max(tested, key=lambda name: tested[name].accuracy)
draw_confusions(
    {
        f"{name}, test: {tested[name].accuracy:.1%}": tested[name].confusion
        for name in sorted(tested, key=lambda name: -tested[name].accuracy)
    },
    WORDS,
)
discuss("test", f"The most accurate on these clips is {best}.")

# %% [markdown]
# Its weights, features and words make a network a recogniser of the package,
# which can do all that those can: recognise files, be evaluated, exported.

# %%
attentive = ws.Recognizer(
    ws.RunConfig(
        RecurrentConfig(hidden_size=33, **layers), corpus.config, SETTINGS
    )
).eval()
state = networks["attention"].state_dict()
attentive.model.load_state_dict(in_package(state.items(), True))
attentive.features.mean.copy_(mean)
attentive.features.std.copy_(std)
path = splits["testing"]["path"].iloc[0]
prediction = attentive.predict(root / path, convert=runtime.convert)
print(f"said {path.split('/')[0]}:", prediction.top(3))
_, _, probabilities = evaluate(networks["attention"], loaders["testing"])
assert np.isclose(
    prediction.probability, probabilities[0].max().item(), atol=1e-3
)

# %% [markdown]
# ## 7. Several seeds
#
# One run may be lucky: with other initial weights and another order of the
# clips its accuracy is another. To tell models apart, each is trained with
# several **seeds** and tested over speakers and seeds together. From here on
# the package trains: it also augments the clips (shifts, masks, noise, other
# speeds), so that a network can't learn them by heart, draws initial weights
# that carry a signal over many frames, normalises the pooled state of every
# recurrent model as section 6 did, and picks up where it was stopped. An
# experiment is a list of configs, so a change is one line.
#
# Where `STUDY` holds a study, its results are shown. Otherwise small runs are
# trained now. *How wide will the interval of a model's accuracy be: a tenth
# of a point, one point, five?*

# %%
from wordspot.config import vary
from wordspot.experiments.experiments import Experiment

if not results:
    models = ["rnn", "lstm"] if QUICK else ["rnn", "lstm", "cnn-lstm"]
    seeds, epochs = (2, 6) if QUICK else (3, 12)
    (experiment,) = ws.list_experiments(
        corpus.config, ["controlled"], models, seeds=seeds, epochs=epochs
    )
    lstm = experiment.variants["lstm"]
    unchanged = ("shift_p", "freq_mask_p", "time_mask_p")
    unchanged += ("background_noise_p", "speed_perturb_p")
    changes = {
        "no deltas": {"deltas": 0},
        "no augmentation": dict.fromkeys(unchanged, 0.0),
        "20 MFCC": {"transform": "mfcc", "n_mfcc": 20},
        "dropout 0.4": {"dropout": 0.4},
        "learning rate 0.0005": {"learning_rate": 5e-4},
        "no BatchNorm": {"head_norm": False},
    }
    variants = {"recipe": lstm}
    for name, settings in list(changes.items())[: 2 if QUICK else None]:
        variants[name] = vary(lstm, **settings)
    effects = Experiment(
        name="changes",
        question="What does each change of the LSTM do?",
        note=f"{seeds} seeds each, scored on the validation part.",
        split="validation",
        variants=variants,
        seeds=seeds,
        against="recipe",
    )
    made = ws.run_study(
        [experiment, effects], DATA, STUDY, runtime, jobs=2, quiet=True
    )
    results = {result.name: result for result in made}
experiments = {one.name: one for one in ws.read_experiments(STUDY)}
main = results.get("controlled") or results["family"]
print(f"{main.question} {main.note}")

# %%
from wordspot.evaluation.tables import comparison_tables

comparison = main.comparison
for table in comparison_tables(comparison):
    display(table)

# %%
ordered = sorted(comparison.models, key=lambda one: one.accuracy)
_, ax = figure(figsize=(7, 0.8 + 0.35 * len(ordered)))
for place, one in enumerate(ordered):
    low, high = one.interval
    ax.plot([100 * low, 100 * high], [place, place], color="C0")
    ax.plot([100 * one.accuracy], [place], "o", color="C0")
ax.set_yticks(range(len(ordered)), [one.name for one in ordered])
ax.set_ylim(-0.6, len(ordered) - 0.4)
ax.set_xlabel(f"{comparison.split} accuracy (%), 95 % interval")
plt.show()
discuss(
    "models",
    narrative.best_model(comparison),
    *(
        narrative.difference(pair)
        for pair in narrative.highlighted_pairs(comparison)
    ),
)

# %% [markdown]
# ### RNN and LSTM, each with all seeds
#
# In the experiment `controlled` all models have about as many weights and one
# recipe, so that only cell and structure differ; in `family` each has its own
# recipe. *Does what you saw of one run above hold for all seeds?*


# %%
def curves_of(result, name):
    """Read the curve of every run of a model, in seconds as the tables."""
    one = next(one for one in result.comparison.models if one.name == name)
    found = []
    for run in one.runs:
        metrics = ws.Run(Path(STUDY) / result.name / run).metrics
        rows = pd.DataFrame(metrics)[["epoch", "validation_accuracy"]]
        rows = rows.set_axis(["epoch", "accuracy"], axis=1)
        minutes = [
            training_minutes(metrics[:count]) for count in rows["epoch"]
        ]
        found.append(rows.assign(seconds=60 * np.array(minutes)))
    return found


there = [one.name for one in comparison.models]
shown = [name for name in ("rnn", "lstm") if name in there] or there[:2]
plot_learning({name: curves_of(main, name) for name in shown})
pair = [one for one in comparison.models if one.name in shown]
if len(pair) == 2:
    difference = np.subtract(pair[1].confusion, pair[0].confusion)
    title = f"{pair[1].name} less {pair[0].name}, {comparison.split}, per run"
    draw_difference(difference, title, comparison.words)
discuss("learning", narrative.convergence(pair))

# %% [markdown]
# ### What the models confuse
#
# All matrices of the test part, the best model's first and large, in clips
# per run (mean of the seeds). *Which pairs of words will be at the top?*

# %%
rivals = [one for one in results.values() if one.kind == "models"]
for result in rivals:
    display(Markdown(f"**{result.question}** {result.note}"))
    draw_confusions(
        {
            f"{one.name}: {one.accuracy:.1%}": one.confusion
            for one in sorted(
                result.comparison.models, key=lambda one: -one.accuracy
            )
        },
        result.comparison.words,
    )
discuss("confusions", narrative.confusions(comparison.models))

# %% [markdown]
# ## 8. Listening to mistakes
#
# Before you explain mistakes, listen to them. A dozen follow: clips of the
# test part that the best model of all misses with most seeds, those it is
# most certain of first, at most two of each kind. Beside each is the clip of
# the same word that is recognised and has the most similar probabilities. All
# are brought to one loudness.

# %%
from wordspot.evaluation.seed_groups import SeedGroup, in_order, read_group
from wordspot.inspection.clip_quality import level_db, quality_issues

_, contest, name = max(
    (one.accuracy, result.name, one.name)
    for result in rivals
    for one in result.comparison.models
)
top = next(
    one for one in results[contest].comparison.models if one.name == name
)
heard_by = experiments[contest].variants[name].corpus
try:
    runs = [Path(STUDY) / contest / run for run in top.runs]
    group = read_group(name, runs, results[contest].comparison.split)
    heard_corpus = ws.open_corpus(DATA, heard_by, runtime)
except ws.WordspotError:  # a study without its predictions
    group = SeedGroup(f"{best} of section 6", [], [in_order(tested[best])])
    heard_corpus = corpus
split = group.evaluations[0].split
if heard_corpus.fingerprint(split) != group.evaluations[0].fingerprint:
    raise ws.WordspotError(f"DATA: {DATA} has other clips than {STUDY}")

clips = group.evaluations[0].predictions.copy()  # sorted by path and start
chances = clips.filter(regex=r"^p\(").to_numpy()  # (N, C)
clips["certain"] = chances.max(axis=1)
clips["missed"] = 1 - group.right_share  # share of the seeds
there = heard_corpus.store.table
keys = zip(there["path"], there["start"], strict=True)
row_of = {key: n for n, key in enumerate(keys)}


def sound_of(clip):
    """Give the samples of a clip, int16 [length]."""
    row = row_of[clip["path"], clip["start"]]
    return np.array(
        heard_corpus.store.samples[row, : there["length"].iloc[row]]
    )


def player(samples):
    """Give a player of samples at a root mean square of 0.05."""
    samples = samples / 32768
    rms = max(np.sqrt(np.mean(samples**2)), 1e-3)
    levelled = np.clip(samples * 0.05 / rms, -1, 1)
    html = Audio(levelled, rate=RATE, normalize=False)._repr_html_()
    return html.replace("<audio", '<audio style="width: 11em"')


# %%
wrong = clips[clips["word"] != clips["predicted"]]
wrong = wrong.sort_values(["missed", "certain"], ascending=False)
dozen = wrong.groupby(["word", "predicted"]).head(2).head(12)


def nearest_right(place):
    """Find the recognised clip of the same word with like probabilities."""
    word = clips["word"][place]
    same = clips[(clips["word"] == word) & (clips["predicted"] == word)]
    if same.empty:
        return None
    distance = np.linalg.norm(chances[same.index] - chances[place], axis=1)
    return same.index[distance.argmin()]


head = ["said", "recognised", "seeds", "level", "faults", "mistake", "right"]
page = [f"<tr><th>{'</th><th>'.join(head)}</th></tr>"]
for place, clip in dozen.iterrows():
    samples, near = sound_of(clip), nearest_right(place)
    cells = [
        escape(clip["word"]),
        f"{escape(clip['predicted'])} ({clip['certain']:.0%})",
        f"{(~group.right[:, place]).sum()} of {len(group.right)}",
        f"{level_db(samples):.0f} dB",
        ", ".join(quality_issues(samples, RATE)) or "none measured",
        player(samples),
        "-" if near is None else player(sound_of(clips.loc[near])),
    ]
    page.append(f"<tr><td>{'</td><td>'.join(cells)}</td></tr>")
caption = f"{group.name}: {len(wrong)} of {len(clips)} clips are missed with "
caption = f"<caption>{caption} the first seed. {MARK}</caption>"
display(HTML(f"<table>{caption}{''.join(page)}</table>"))
discuss("mistakes", narrative.clip_difficulty([group]))

# %% [markdown]
# ### A confused pair
#
# The most frequent confusion: on the left the mistake of which the model is
# most certain; on the right a clip of the word that it was taken for, which
# is recognised. The line is the attention: which frames decide. *Which part
# of the left word looks like the right one?*

# %%
from wordspot.inspection.mistakes import attention

judge, whose = attentive, "attention of section 6"
models = sorted(
    results[contest].comparison.models, key=lambda one: -one.accuracy
)
for one in models:  # the best of the study that has attention
    run = ws.Run(Path(STUDY) / contest / one.runs[0])
    pooling = getattr(run.config.model, "pooling", "")
    if pooling == "additive" and (run.folder / "model.safetensors").is_file():
        judge, whose = run.recognizer, one.name
        break

pair = []
if len(wrong):
    kinds = wrong.groupby(["word", "predicted"])["certain"]
    word, taken_for = kinds.size().idxmax()
    left = kinds.idxmax()[word, taken_for]
    known = clips[
        (clips["word"] == taken_for) & (clips["predicted"] == taken_for)
    ]
    pair = [left, *known["certain"].nlargest(1).index]
    drawn, axes = figure(1, len(pair), figsize=(10, 3.4), squeeze=False)
    for ax, place in zip(axes[0], pair, strict=True):
        clip = clips.loc[place]
        waveform = torch.from_numpy(sound_of(clip) / np.float32(32768))
        shades = draw_mel(ax, waveform)
        padded = pad(waveform, (0, LENGTH - len(waveform)))[None]  # (1, S)
        weight = np.array(attention(judge, padded, len(waveform)))
        times = np.linspace(0, 1, len(weight))
        above = ax.twinx()
        above.plot(times, weight, color="white")
        above.set(ylim=(0, 1.05 * weight.max()))
        ax.set(
            title=f"said {clip['word']}, recognised as {clip['predicted']}",
            xlabel="time (s)",
            xlim=(0, 1),
        )
    axes[0, 0].set_ylabel("frequency (Hz)")
    above.set_ylabel("attention")
    drawn.colorbar(shades, ax=axes, label="dB below loudest")
    plt.show()
    print(f"attention: {whose}")
players = [player(sound_of(clips.loc[place])) for place in pair]
display(HTML(" ".join(players)))
discuss("confused pair")

# %% [markdown]
# ### Hypotheses, tested
#
# Why are clips missed? A guess from a dozen clips may be wrong; a number
# tells. If a trait, such as soft speech, had nothing to do with mistakes, it
# would be as frequent among them as among all clips. Its share among the
# mistakes less its share among all clips is the effect; a bootstrap draws
# speakers with replacement, as if others had been recorded, and the middle
# 95 % of the differences are its interval.
#
# *Which do you believe: the shared vowel of "go", "no" and "down"; cut ends;
# soft speech; noise; few training clips; one speaker's habit?*

# %%
from wordspot.inspection.hypotheses import hypotheses_table, hypothesis_tests

level = np.array([level_db(sound_of(clip)) for _, clip in clips.iterrows()])
soft = level <= np.quantile(level, 0.1)  # the softest tenth
missed = clips["missed"].to_numpy()
if missed.any():
    among_mistakes = (missed * soft).sum() / missed.sum()
    among_all = soft.mean()

    speakers = [
        np.flatnonzero(clips["speaker"] == who)
        for who in set(clips["speaker"])
    ]
    draw, differences = np.random.default_rng(0), []
    for _ in range(1_000):
        chosen = draw.integers(len(speakers), size=len(speakers))
        rows = np.concatenate([speakers[n] for n in chosen])
        if missed[rows].any():
            share = (missed * soft)[rows].sum() / missed[rows].sum()
            differences.append(share - soft[rows].mean())
    low, high = np.percentile(differences, [2.5, 97.5])
    print(
        f"soft speech: {among_mistakes:.1%} of the mistakes, {among_all:.1%}"
    )
    print(f"of all clips; difference {low:+.1%} to {high:+.1%}")

# %%
tests = hypothesis_tests(group, heard_corpus, split)
for test in tests:
    if test.hypothesis == "soft speech":
        assert np.isclose(test.share, among_mistakes)
        assert np.isclose(test.expected, among_all)
if tests:
    display(hypotheses_table(tests, group))
discuss("hypotheses", narrative.hypotheses(tests))

# %% [markdown]
# ## 9. Experiments
#
# One model, one setting changed at a time, against the recipe: the difference
# in points of accuracy on the same clips, with intervals that hold for all
# changes of an experiment at once. An interval that has no 0 in it is a
# significant difference. Where the note names no other part, choices are
# made on the validation part.
#
# *Which changes will matter at all?*


# %%
def plot_differences(pairs, title):
    """Plot how much better each first model is, in points of accuracy."""
    pairs = sorted(pairs, key=lambda pair: pair.difference)
    _, ax = figure(figsize=(7, 0.9 + 0.28 * len(pairs)))
    ax.axvline(0, color="grey", linewidth=1)
    for place, pair in enumerate(pairs):
        low, high = pair.interval
        fill = "C0" if low > 0 or high < 0 else "white"
        ax.plot([100 * low, 100 * high], [place, place], color="C0")
        ax.plot(100 * pair.difference, place, "o", color="C0", mfc=fill)
    ax.set_yticks(range(len(pairs)), [pair.one for pair in pairs])
    ax.set(
        title=title,
        ylim=(-0.6, len(pairs) - 0.4),
        xlabel=f"difference from {pairs[0].other} in points, 95 % interval",
    )
    plt.show()


varied = [one for one in results.values() if one.kind != "models"]
for result in varied:
    display(Markdown(f"**{result.question}** {result.note}"))
    plot_differences(result.comparison.pairs, result.question)
    display(Markdown(narrative.finding(result)))
discuss("experiments")

# %% [markdown]
# ### Noise
#
# The signal-to-noise ratio (SNR) compares the power of the speech with that
# of added noise: at 0 dB both are the same. Here it is written out, for the
# networks of section 6, which never heard noise added in training. *At which
# ratio will half of the clips be lost? Will the better network still be
# better?*


# %%
def with_noise(waveform, snr_db, draw):
    """Add white noise at a signal-to-noise ratio in decibels."""
    noise = torch.randn(len(waveform), generator=draw)
    power = waveform.square().mean() / 10 ** (snr_db / 10)
    return waveform + noise * power.sqrt()


RATIOS = (20, 10, 5, 0)  # decibels
sounds = [read(path) for path in splits["testing"]["path"]]
recognised = {
    name: [result.accuracy] for name, result in tested.items()
}  # without noise
for snr_db in RATIOS:
    draw = torch.Generator().manual_seed(0)
    noisy = copy(data["testing"])
    noisy.features = [
        features(with_noise(sound, snr_db, draw)) for sound in sounds
    ]
    loader = DataLoader(noisy, batch_size=256, collate_fn=collate)
    for name in recognised:
        recognised[name].append(evaluate(networks[name], loader)[1])


def plot_noise(lines, ratios, highlighted, title):
    """Plot accuracy without noise and at ratios, a few lines in colour."""
    _, ax = figure(figsize=(7, 3.6))
    for name, values in lines.items():
        if name not in highlighted:
            ax.plot(range(len(values)), values, "o-", color="0.85")
    for name in highlighted:
        ax.plot(range(len(lines[name])), lines[name], "o-", label=name)
    if len(lines) > len(highlighted):
        ax.plot([], [], "o-", color="0.85", label="others")
    ax.legend()
    ax.set_xticks(range(len(ratios) + 1), ["clean", *ratios])
    ax.set(xlabel="signal-to-noise ratio (dB)", ylabel="accuracy", title=title)
    plt.show()


plot_noise(
    recognised,
    RATIOS,
    ["RNN", "LSTM", "CNN-LSTM"],
    "one run each, white noise",
)

# %% [markdown]
# The same for the models of the study, and for the experiments that changed
# the augmentation: does training with noise help in noise, and what does it
# cost without?

# %%
for result in results.values():
    models = {one.name: one for one in result.comparison.models}
    about_noise = any("noise" in name for name in models)
    measured = all(one.noise for one in models.values())
    if not measured or not (about_noise or result in rivals):
        continue
    top = max(models.values(), key=lambda one: one.accuracy).name
    shown = ["rnn", "lstm", top, "recipe", "none", "background noise"]
    plot_noise(
        {
            name: [one.accuracy, *one.noise.values()]
            for name, one in models.items()
        },
        list(next(iter(models.values())).noise),
        [name for name in dict.fromkeys(shown) if name in models][:4],
        f"{result.name}: {result.comparison.noise}",
    )
    display(Markdown(narrative.noise_robustness(result.comparison)))
    noisy = [
        (condition, pairs)
        for condition, pairs in result.comparison.condition_pairs.items()
        if condition.endswith("SNR") and result in varied
    ]
    for condition, pairs in noisy[-1:]:  # the loudest
        plot_differences(pairs, f"{result.name} at {condition}")
discuss("noise")

# %% [markdown]
# ## 10. What one would choose
#
# *Before you read on: which model would you use on a telephone, which on a
# server, and what would you try next?*

# %%
for result in rivals:
    told_of = narrative.conclusion(result.comparison)
    display(Markdown(f"**{result.question}** {told_of}"))
discuss("choice", narrative.best_model(results[contest].comparison))

"""What an experiment is: frozen dataclasses, checked when they are made, saved as JSON beside every run.

This module imports neither torch nor numpy, so that the command line starts at once.
"""

import re
from collections import Counter
from dataclasses import field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

from wordspot.errors import UsageError
from wordspot.limits import (
    HIGHEST_RATE_HZ,
    LARGEST_FFT,
    LONGEST_CLIP_SAMPLES,
    LONGEST_CLIP_SECONDS,
    LONGEST_WORD,
    LOWEST_RATE_HZ,
    MOST_BANDS,
    MOST_FRAMES,
    MOST_LAYERS,
    MOST_THREADS,
    MOST_UNITS,
    MOST_WORDS,
)
from wordspot.schema import OneOf, Subclasses, schema
from wordspot.text import is_plain, shown

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The ten commands of the Speech Commands data set."""

UNKNOWN = "_unknown_"
SILENCE = "_silence_"

SYNTHETIC_OTHERS = ("synthetic_unknown", "synthetic_near", "synthetic_others")
"""Settings of `CorpusConfig` that add synthetic clips to the class of other words."""
SYNTHETIC = ("synthetic", *SYNTHETIC_OTHERS)
"""Those that add synthetic clips to any class."""
FOLDS = 5
"""Folds of cross-validation, each with its own validation speakers."""

HEADS = 4
"""Heads of the pooling `multi-head`, each with an equal piece of the state."""

TRANSFORMS: dict[str, Any] = {
    "log-mel": "wordspot.audio.features:LogMel",
    "mfcc": "wordspot.audio.features:MFCC",
    "pcen": "wordspot.audio.pcen:PCEN",
}
"""Feature transforms, and where each is found (or the class itself)."""
ENCODERS: dict[str, Any] = {
    "none": "wordspot.models.encoders:NoEncoder",
    "conv1d": "wordspot.models.encoders:Conv1dEncoder",
    "conv2d": "wordspot.models.encoders:Conv2dEncoder",
    "residual": "wordspot.models.encoders:ResidualEncoder",
}
"""Convolutional encoders in front of recurrent layers."""
POOLINGS: dict[str, Any] = {
    "last": "wordspot.models.pooling:LastState",
    "mean": "wordspot.models.pooling:Mean",
    "additive": "wordspot.models.pooling:AdditiveAttention",
    "multi-head": "wordspot.models.pooling:MultiHeadAttention",
}
"""Poolings over time."""

Count = Annotated[int, Ge(1), Le(2**31 - 1)]
Units = Annotated[int, Ge(1), Le(MOST_UNITS)]
Layers = Annotated[int, Ge(1), Le(MOST_LAYERS)]
Bands = Annotated[int, Ge(1), Le(MOST_BANDS)]
NotNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
Probability = Annotated[float, Ge(0), Le(1)]
Fraction = Annotated[float, Ge(0), Lt(1)]
"""Bounds; infinities and NaN are refused everywhere."""


def require(holds: bool, message: str) -> None:
    """Raise UsageError where settings don't fit each other."""
    if not holds:
        raise UsageError(message)


Log = Literal["none", "tensorboard"]
"""Logs that training can write beside its metrics."""


@schema
class Runtime:
    """How to compute and how to read clips: what changes no setting of an experiment."""

    device: str = "cpu"
    """Device to compute on, by torch's name: cpu, cuda, mps."""
    threads: Annotated[int, Ge(1), Le(MOST_THREADS)] = 1
    """CPU threads; for models as small as these, more than one pay only on an idle machine."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the model in training: float32, or bfloat16 for its matrix products; auto takes bfloat16
    where that is faster (recurrent models on a GPU or a processor that computes with it)."""
    convert: bool = False
    """Convert clips with another sampling rate, several channels or 8 bits."""
    skip_bad: bool = False
    """Leave out unusable clips, with a warning."""
    speaker_from: str | None = None
    """Regular expression whose first group, or group `speaker`, names who speaks, searched in the path of a
    file from the data folder on; by default the part of a file's name before _nohash_ does."""

    def __post_init__(self) -> None:
        if self.speaker_from is None:
            return
        name = f"speaker_from: {shown(self.speaker_from)}"
        try:
            groups = re.compile(self.speaker_from).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise UsageError(f"{name} is no regular expression: {error}") from None
        require(groups > 0, f"{name} has no group: put what names the speaker in parentheses")

    @property
    def options(self) -> list[str]:
        """The settings that are not defaults, as options of the command line.

        >>> Runtime(convert=True, threads=2).options
        ['--threads', '2', '--convert']
        """
        found: list[str] = []
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value != setting.default:
                flag = "--" + setting.name.replace("_", "-")
                found += [flag] if value is True else [flag, str(value)]
        return found


@schema
class CorpusConfig:
    """Which clips are used, and how much of each."""

    words: tuple[str, ...] = COMMANDS
    """Words to recognise; verbs that train take all words of a corpus that lacks one of the ten commands."""
    unknown: bool = False
    """Add a class of other words, with as many clips as a word has on average."""
    unknown_ratio: Annotated[Positive, Le(1000)] = 1.0
    """Training clips of other words, as a multiple of those of a word on average, as far as there are any."""
    silence: bool = False
    """Add a class cut from _background_noise_, with as many clips as a word has on average."""
    seconds: Annotated[float, Gt(0), Le(LONGEST_CLIP_SECONDS)] = 1.0
    """Length to which each clip is padded or cut."""
    sample_rate: Annotated[int, Ge(LOWEST_RATE_HZ), Le(HIGHEST_RATE_HZ)] = 16_000
    """Sampling rate of the clips in hertz."""
    clips_per_word: Annotated[int, Ge(0)] | None = None
    """Training clips used of each class; all by default. A smaller number uses a subset of a larger one."""
    synthetic: Annotated[int, Ge(0)] = 0
    """Synthetic clips of each word added to the training clips."""
    synthetic_unknown: Annotated[int, Ge(0)] = 0
    """Synthetic clips added to the training clips of the class of other words: half of them single words of a
    list of a thousand, half crops of running speech; each word and sentence has its own speaker."""
    synthetic_near: Annotated[int, Ge(0)] = 0
    """Synthetic clips added to the training clips of the class of other words, of what is one letter from one
    of the words and sounds like none of them, such as "ut" beside "up"; each has its own speaker."""
    synthetic_others: Annotated[int, Ge(0)] = 0
    """Synthetic clips of each other word of the corpus, added to the training clips of the class of other
    words; each has its own speaker."""
    fold: Annotated[int, Ge(0), Lt(FOLDS)] | None = None
    """Cross-validation: of all speakers of training and validation, validate by this fifth (0 to 4)."""
    recorded_times: Count = 1
    """Passes over the recorded clips in an epoch that also has synthetic clips."""

    def __post_init__(self) -> None:
        require(len(self.words) >= 1, "words: at least one is needed")
        require(len(self.words) <= MOST_WORDS, f"words: {len(self.words)} must be at most {MOST_WORDS}")
        odd = [word for word in self.words if not is_plain(word) or len(word) > LONGEST_WORD]
        require(
            not odd,
            f"words: '{shown(''.join(odd[:1])[:LONGEST_WORD])}' must have 1 to {LONGEST_WORD} characters, "
            "all of which can be printed: rename its folder",
        )
        require(len(self.classes) >= 2, "words: at least two classes are needed")
        twice = sorted(word for word, count in Counter(self.words).items() if count > 1)
        require(not twice, f"words: {', '.join(twice)} is named twice")
        for name in SYNTHETIC_OTHERS:
            require(
                getattr(self, name) == 0 or self.unknown,
                f"{name}: there is no class for other words: set --unknown too",
            )
        require(
            self.recorded_times == 1 or any(getattr(self, name) for name in SYNTHETIC),
            "recorded_times: recorded clips are repeated only beside synthetic ones: set --synthetic too",
        )
        require(
            1 <= self.samples <= LONGEST_CLIP_SAMPLES,
            f"seconds: {self.seconds:g} s are {self.samples} samples at {self.sample_rate} Hz, "
            f"which must be 1 to {LONGEST_CLIP_SAMPLES}",
        )
        # Only the words have synthetic clips.
        fewest = 0 if self.synthetic and self.classes == self.words else 1
        require(
            self.clips_per_word is None or self.clips_per_word >= fewest,
            f"clips_per_word: {self.clips_per_word} must be at least {fewest}",
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The words, then the added classes, in the order of the logits."""
        return self.words + (UNKNOWN,) * self.unknown + (SILENCE,) * self.silence

    @property
    def samples(self) -> int:
        """Samples to which a clip is padded or cut."""
        return round(self.seconds * self.sample_rate)


@schema
class FeatureConfig:
    """The front end: waveform to frames of features."""

    transform: Annotated[str, OneOf(TRANSFORMS)] = "log-mel"
    """Log-mel energies (log-mel), mel-frequency cepstral coefficients (mfcc), or mel energies with
    per-channel energy normalisation (pcen)."""
    n_mfcc: Bands = 20
    """Cepstral coefficients kept (mfcc)."""
    n_mels: Bands = 40
    """Triangular mel bands."""
    n_fft: Annotated[int, Ge(1), Le(LARGEST_FFT)] = 640
    """Points of the Fourier transform, at least as many as a window has samples."""
    win_ms: Positive = 40.0
    """Window length in milliseconds."""
    hop_ms: Positive = 20.0
    """Hop from frame to frame in milliseconds."""
    f_min_hz: NotNegative = 20.0
    """Lower edge of the mel bands in hertz."""
    f_max_hz: Positive = 7_600.0
    """Upper edge of the mel bands in hertz."""
    rms_normalize: bool = True
    """Scale every clip to the same root mean square first."""
    deltas: Literal[0, 1, 2] = 1
    """Time derivatives appended to the features: none, the first, or the first and second."""

    def __post_init__(self) -> None:
        require(
            self.transform != "mfcc" or self.n_mfcc <= self.n_mels,
            f"n_mfcc: {self.n_mfcc} coefficients need at least as many mel bands (n_mels is {self.n_mels})",
        )
        require(
            self.f_min_hz < self.f_max_hz,
            f"f_min_hz: {self.f_min_hz:g} must be under f_max_hz ({self.f_max_hz:g})",
        )


@schema
class AugmentConfig:
    """Augmentation of training clips, drawn anew in each epoch; validation and test clips are not augmented.

    Every augmentation has a strength and a probability that ends in `_p`; 0 switches it off.
    """

    shift_ms: NotNegative = 100.0
    """Largest shift in time, in either direction, in milliseconds."""
    freq_mask_bins: Annotated[int, Ge(0)] = 8
    """Widest mask over neighbouring static features (SpecAugment); derivatives are taken of what is left."""
    time_mask_ms: NotNegative = 200.0
    """Longest mask over time in milliseconds (SpecAugment)."""
    gain_db: NotNegative = 6.0
    """Largest gain, in either direction, in decibels."""
    speed_perturb: Fraction = 0.1
    """Largest change of speed and pitch, in either direction, as a fraction in steps of 0.01."""
    time_stretch: Fraction = 0.1
    """Largest change of speed at the same pitch, in either direction, as a fraction in steps of 0.01."""
    pitch_semitones: NotNegative = 2.0
    """Largest change of pitch and formants at the same speed, in either direction, in semitones."""
    snr_min_db: float = 5.0
    """Lowest signal-to-noise ratio of added noise in decibels."""
    snr_max_db: float = 25.0
    """Highest signal-to-noise ratio of added noise in decibels."""
    mixup_alpha: Positive = 0.2
    """Parameter of the beta distribution from which mixup draws the weights of two clips."""
    neighbour_p: Probability = 0.0
    """Probability that the end of another clip sounds before a clip, or the start of one after it."""
    shift_p: Probability = 1.0
    """Probability of a shift in time."""
    freq_mask_p: Probability = 1.0
    """Probability of a frequency mask."""
    time_mask_p: Probability = 1.0
    """Probability of a time mask."""
    gain_p: Probability = 0.0
    """Probability of a gain."""
    speed_perturb_p: Probability = 0.0
    """Probability of a change of speed."""
    time_stretch_p: Probability = 0.0
    """Probability of a change of speed at the same pitch."""
    pitch_shift_p: Probability = 0.0
    """Probability of a change of pitch at the same speed."""
    room_p: Probability = 0.0
    """Probability of a simulated room."""
    microphone_p: Probability = 0.0
    """Probability of a simulated microphone."""
    background_noise_p: Probability = 0.0
    """Probability of recorded noise, from _background_noise_."""
    colored_noise_p: Probability = 0.0
    """Probability of generated noise, from white to brown."""
    mixup_p: Probability = 0.0
    """Probability of mixup with another clip of the batch."""

    def __post_init__(self) -> None:
        require(
            self.snr_min_db <= self.snr_max_db,
            f"snr_min_db: {self.snr_min_db:g} must be at most snr_max_db ({self.snr_max_db:g})",
        )
        for name in ("speed_perturb", "time_stretch"):
            fraction = getattr(self, name)
            require(not 0 < fraction < 0.01, f"{name}: {fraction:g} must be 0 or at least 0.01, its step")


class ModelConfig:
    """Base of the settings of a model. Subclasses are schemas whose `kind` names the model in JSON.

    `wordspot.models.MODELS` says which Module implements each.
    """

    kind: str

    @property
    def streams(self) -> bool:
        """Whether the model reads a clip from start to end only, and so could follow a stream."""
        return False

    @property
    def gains_from_bfloat16(self) -> bool:
        """Whether training is faster in bfloat16 on a device that computes with it."""
        return False


@schema
class RecurrentConfig(ModelConfig):
    """An optional convolutional encoder, recurrent layers, a pooling over time, and a linear layer."""

    kind: Literal["recurrent"] = field(default="recurrent", kw_only=True)
    """Name of this kind of model."""
    encoder: Annotated[str, OneOf(ENCODERS)] = "none"
    """Encoder: none, convolutions over time (conv1d), over time and frequency (conv2d), or with residual
    connections (residual)."""
    channels: Units = 32
    """Channels of the encoder's first convolution; later ones have two to four times as many."""
    cell: Literal["rnn", "lstm", "gru"] = "lstm"
    """Elman network with tanh (rnn), long short-term memory (lstm), or gated recurrent unit (gru)."""
    bidirectional: bool = False
    """Read the clip in both directions."""
    hidden_size: Units = 128
    """Size of the hidden state of each layer and direction."""
    num_layers: Layers = 2
    """Recurrent layers."""
    pooling: Annotated[str, OneOf(POOLINGS)] = "mean"
    """Pooling over time: the last state (last), the mean over frames (mean), or attention with one head
    (additive) or several (multi-head)."""
    dropout: Fraction = 0.2
    """Dropout between recurrent layers and before the linear layer."""
    batch_norm: bool = False
    """Batch normalisation of the features."""
    head_norm: bool = False
    """Batch normalisation before the linear layer."""

    @property
    def streams(self) -> bool:
        """Whether the model reads a clip from start to end only."""
        return not self.bidirectional

    @property
    def gains_from_bfloat16(self) -> bool:
        """Matrix products, with whichever cell and encoder, are most of the time."""
        return True

    @property
    def state_size(self) -> int:
        """Size of the recurrent state of a frame, of both directions together."""
        return self.hidden_size * (2 if self.bidirectional else 1)

    def __post_init__(self) -> None:
        require(
            self.pooling != "multi-head" or self.state_size % HEADS == 0,
            f"hidden_size: {self.hidden_size} gives states of size {self.state_size}, which {HEADS} heads "
            f"can't share: use a multiple of {HEADS}",
        )


@schema
class BCResNetConfig(ModelConfig):
    """Broadcast residual network (Kim et al. 2021): convolutions alone."""

    kind: Literal["bc-resnet"] = field(default="bc-resnet", kw_only=True)
    """Name of this kind of model."""
    scale: Annotated[float, Gt(0), Le(MOST_UNITS / 16)] = 3.0
    """Width: the paper's BC-ResNet-1 has 1, BC-ResNet-3 has 3, BC-ResNet-8 has 8."""
    dropout: Fraction = 0.1
    """Dropout of whole channels in every block."""
    sub_bands: Bands = 5
    """Frequency bands that are normalised separately (sub-spectral normalisation)."""


@schema
class TrainingConfig:
    """The recipe of the training loop."""

    epochs: Count = 30
    """Passes over the training clips."""
    batch_size: Count = 64
    """Clips per step."""
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    """AdamW, Adam, or stochastic gradient descent with momentum 0.9."""
    learning_rate: Positive = 2e-3
    """Peak of the schedule: a linear warmup, then a half cosine down to zero."""
    warmup: Fraction = 0.1
    """Fraction of all steps in which the learning rate rises."""
    weight_decay: NotNegative = 0.01
    """Decoupled weight decay (adamw) or L2 penalty (adam, sgd)."""
    label_smoothing: Fraction = 0.0
    """Fraction of the target that is spread over all classes."""
    clip_norm: Positive = 1.0
    """Largest norm of the gradient; a larger one is scaled down to it."""
    weight_average: Fraction = 0.0
    """Decay, by step, of an exponential moving average of the weights, which is what is validated and kept; 0
    for the weights themselves."""
    teachers: tuple[str, ...] = ()
    """Folders of trained runs with the same classes, whose probabilities are learnt beside the labels."""
    teacher_weight: Probability = 0.5
    """Share of the teachers' mean probabilities in the target; the rest is the label's."""
    initial: str | None = None
    """Trained run, or name of a pretrained recogniser, from whose weights training starts; those of its last
    layer only where it has the same classes."""
    keep: Literal["best", "last"] = "best"
    """Epoch whose weights are kept: the best by validation accuracy and then loss, or the last, so that no
    clips choose it."""
    patience: Count = 10
    """Epochs without improvement, by validation accuracy and then loss, after which training stops, where
    the best is kept."""
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0
    """Seed of initial weights, order of clips, augmentation and dropout."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The trained runs from which something is learnt."""
        return self.teachers + ((self.initial,) if self.initial is not None else ())


@schema
class RunConfig:
    """One whole experiment: equal configs on equal clips give equal weights on the same machine."""

    model: Annotated[ModelConfig, Subclasses()] = RecurrentConfig()
    corpus: CorpusConfig = CorpusConfig()
    features: FeatureConfig = FeatureConfig()
    augment: Annotated[AugmentConfig, Subclasses()] = AugmentConfig()
    training: TrainingConfig = TrainingConfig()

    def __post_init__(self) -> None:
        features, sample_rate = self.features, self.corpus.sample_rate
        window = round(features.win_ms * sample_rate / 1000)
        require(window >= 1, f"win_ms: {features.win_ms} is shorter than one sample")
        require(
            window <= features.n_fft,
            f"win_ms: {features.win_ms:g} ms are {window} samples at {sample_rate} Hz, "
            f"more than n_fft ({features.n_fft}): shorten win_ms, or raise n_fft to {window}",
        )
        require(
            features.f_max_hz <= sample_rate / 2,
            f"f_max_hz: {features.f_max_hz:g} is over half of the sampling rate ({sample_rate / 2:g})",
        )
        hop = round(features.hop_ms * sample_rate / 1000)
        require(hop >= 1, f"hop_ms: {features.hop_ms} is shorter than one sample")
        frames = 1 + self.corpus.samples // hop
        require(frames <= MOST_FRAMES, f"hop_ms: {frames} frames of a clip must be at most {MOST_FRAMES}")


def vary(config: RunConfig, **settings: Any) -> RunConfig:
    """Change settings of a config by name; no two of its sections share a name.

    Raises UsageError for a name that no section has.

    >>> vary(RunConfig(), n_mels=80, epochs=5).features.n_mels
    80
    """
    for name in (f.name for f in fields(config)):
        section = getattr(config, name)
        own = {key: settings.pop(key) for key in list(settings) if key in section.__dataclass_fields__}
        if own:
            config = replace(config, **{name: replace(section, **own)})
    require(not settings, f"{', '.join(settings)}: no such setting")
    return config


def differences(one: Any, other: Any) -> list[str]:
    """List the settings in which two configs differ.

    >>> differences(RunConfig(), RunConfig(training=TrainingConfig(epochs=5)))
    ['epochs 30 against 5']
    """
    found = []
    for name in (f.name for f in fields(one)):
        here, there = getattr(one, name), getattr(other, name)
        if is_dataclass(here) and type(here) is type(there):
            found += differences(here, there)
        elif here != there:
            found.append(f"{name} {here} against {there}")
    return found

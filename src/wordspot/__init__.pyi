"""The public names, for type checkers and for the lazy imports of `__init__.py`."""

from .config import (
    AugmentConfig as AugmentConfig,
)
from .config import (
    CorpusConfig as CorpusConfig,
)
from .config import (
    FeatureConfig as FeatureConfig,
)
from .config import (
    RunConfig as RunConfig,
)
from .config import (
    Runtime as Runtime,
)
from .config import (
    TrainingConfig as TrainingConfig,
)
from .corpus.corpus import Corpus as Corpus
from .corpus.corpus import open_corpus as open_corpus
from .deploy.detector import Detector as Detector
from .deploy.detector import Event as Event
from .deploy.detector import listen as listen
from .deploy.export import export_onnx as export_onnx
from .deploy.onnx_file import OnnxRecognizer as OnnxRecognizer
from .deploy.settings import Detection as Detection
from .deploy.sound import open_microphone as open_microphone
from .errors import WordspotError as WordspotError
from .evaluation.compare import compare as compare
from .evaluation.comparison import Comparison as Comparison
from .evaluation.evaluate import evaluate as evaluate
from .evaluation.evaluate import evaluate_recognizer as evaluate_recognizer
from .experiments.experiments import list_experiments as list_experiments
from .experiments.own_words import own_words as own_words
from .experiments.study import (
    read_experiments as read_experiments,
)
from .experiments.study import (
    read_study as read_study,
)
from .experiments.study import (
    run_study as run_study,
)
from .inspection.explore import Exploration as Exploration
from .inspection.mistakes import write_mistakes as write_mistakes
from .models.recognizer import Prediction as Prediction
from .models.recognizer import Recognizer as Recognizer
from .recipes import RECIPES as RECIPES
from .recipes import recipe as recipe
from .runs.evaluation import Evaluation as Evaluation
from .runs.run import Run as Run
from .runs.run import load as load
from .runs.run import pretrained as pretrained
from .streams.evaluate import evaluate_stream as evaluate_stream
from .streams.evaluate import tune_thresholds as tune_thresholds
from .streams.mining import mine_false_accepts as mine_false_accepts
from .streams.settings import StreamConfig as StreamConfig
from .training.loop import train as train
from .tts.settings import Synthesis as Synthesis
from .tts.synthesize import synthesize as synthesize

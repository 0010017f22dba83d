"""Models: features [B, T, F] and counts of real frames [B] to logits [B, C].

To add a model, write a config (a schema derived from `ModelConfig`) and a Module, and add both to MODELS.
"""

from wordspot.config import BCResNetConfig, ModelConfig, RecurrentConfig
from wordspot.models.bc_resnet import BCResNet
from wordspot.models.model import Model
from wordspot.models.recurrent import Recurrent

MODELS: dict[type[ModelConfig], type[Model]] = {
    RecurrentConfig: Recurrent,
    BCResNetConfig: BCResNet,
}
"""The Module of each kind of config."""


def make_model(config: ModelConfig, n_features: int, n_classes: int) -> Model:
    """Make the model that a config asks for."""
    return MODELS[type(config)](config, n_features, n_classes)

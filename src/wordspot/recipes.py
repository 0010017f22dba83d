"""A starting point for each model, chosen on the validation part of real clips."""

from dataclasses import replace

from wordspot.config import AugmentConfig, FeatureConfig, RecurrentConfig, RunConfig, TrainingConfig

STRONG = AugmentConfig(background_p=0.5, speed_p=0.5, mixup_p=0.5)
"""For models that would learn the training clips by heart."""

LONG = TrainingConfig(epochs=25, label_smoothing=0.1)
"""Strongly changed clips take longer to learn."""

STATIC = FeatureConfig(deltas=0)
"""Convolutions find derivatives by themselves."""

LSTM = RunConfig(RecurrentConfig(cell="lstm"), augment=STRONG, training=LONG)
BILSTM = replace(LSTM, model=RecurrentConfig(cell="lstm", bidirectional=True, units=96))
CNN_LSTM = replace(BILSTM, model=replace(BILSTM.model, layers=1), features=STATIC)

RECIPES: dict[str, RunConfig] = {
    "rnn": RunConfig(RecurrentConfig(cell="rnn"), training=TrainingConfig(epochs=15, learning_rate=1e-3)),
    "lstm": LSTM,
    "bilstm": BILSTM,
    "gru": replace(LSTM, model=RecurrentConfig(cell="gru")),
    "attention": replace(BILSTM, model=replace(BILSTM.model, pooling="additive")),
    "cnn-lstm-1d": replace(CNN_LSTM, model=replace(CNN_LSTM.model, front="conv1d")),
    "cnn-lstm": replace(
        CNN_LSTM, model=replace(CNN_LSTM.model, front="conv2d", channels=24, pooling="additive")
    ),
    "wordspot": replace(
        CNN_LSTM, model=replace(CNN_LSTM.model, front="residual", channels=24, pooling="additive")
    ),
}

DESCRIPTIONS = {
    "rnn": "Elman network: the plain recurrent baseline.",
    "lstm": "Long short-term memory.",
    "bilstm": "LSTM in both directions.",
    "gru": "Gated recurrent unit.",
    "attention": "LSTM in both directions, pooled by additive attention.",
    "cnn-lstm-1d": "Convolutions over time, BiLSTM.",
    "cnn-lstm": "Convolutions over time and frequency, BiLSTM, additive attention.",
    "wordspot": "Residual convolutions, BiLSTM, additive attention.",
}

"""A single window has the scores of the recogniser, whatever the model."""

import pytest
import torch

from wordspot.deploy.traced import Traced
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_traced_window_has_the_same_scores(name: str) -> None:
    torch.manual_seed(0)
    recognizer = Recognizer(RECIPES[name]).eval()
    score = Traced(recognizer)
    with torch.inference_mode():
        for windows in torch.split(0.1 * torch.randn(4, 16_000), [1, 1, 2]):
            torch.testing.assert_close(score(windows), recognizer(windows), atol=1e-5, rtol=0)
    assert score.graph is not None


def test_several_windows_need_no_graph() -> None:
    score = Traced(Recognizer(RECIPES["lstm"]).eval())
    with torch.inference_mode():
        assert score(torch.zeros(3, 16_000)).shape == (3, 10)
    assert score.graph is None

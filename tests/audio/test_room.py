"""The echo of rooms that are so simple that it can be computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from wordspot.audio.room import Room, draw_room, impulse_response

HALL = Room(size=(100, 100, 100), mouth=(10, 50, 50), microphone=(12, 50, 50), reflection=0.55)
"""Sound travels 2 m straight and 22 m by the wall x = 0; by any other wall it travels over 98 m."""


def energy(room: Room) -> float:
    return float(np.sum(impulse_response(room, 16_000) ** 2))


def test_walls_that_give_nothing_back_leave_one_click_at_once() -> None:
    response = impulse_response(replace(HALL, reflection=0.0), 16_000)
    assert response.shape == (4000,)
    assert response[0] == pytest.approx(1)
    assert np.flatnonzero(np.abs(response) > 1e-9).tolist() == [0]


def test_a_wall_sends_a_click_back_later_and_softer() -> None:
    # 20 m more at 343 m/s are 200 samples at 3430 Hz; eleven times as far is an eleventh as loud.
    response = impulse_response(HALL, 3430)
    assert np.flatnonzero(np.abs(response) > 1e-9).tolist() == [0, 200]
    assert response[[0, 200]] == pytest.approx([1, 0.55 * 2 / 22])


def test_a_click_between_two_samples_is_shared_by_both() -> None:
    # The wall's image is 22.25 m away: 20.25 m more are 202.5 samples.
    room = replace(HALL, mouth=(10.125, 50, 50), microphone=(12.125, 50, 50), reflection=0.445)
    response = impulse_response(room, 3430)
    assert np.flatnonzero(np.abs(response) > 1e-9).tolist() == [0, 202, 203]
    assert response[[202, 203]] == pytest.approx([0.02, 0.02])


def test_between_two_walls_each_turn_costs_a_reflection() -> None:
    # At one sample a metre the images in the walls x = 0 and x = 4, 1 m straight, are 3, 5, ... m away.
    room = Room(size=(4, 200, 200), mouth=(1, 100, 100), microphone=(2, 100, 100), reflection=0.5)
    response = impulse_response(room, 343, seconds=0.04)
    assert response[::2] == pytest.approx(
        [1, 0.5 / 3, 0.5 / 5, 0.25 / 7, 0.25 / 9, 0.125 / 11, 0.125 / 13], abs=1e-9
    )
    assert response[1::2] == pytest.approx(np.zeros(7), abs=1e-9)


@pytest.mark.parametrize("axis", range(3))
def test_all_walls_reflect_alike(axis: int) -> None:
    def turned(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = np.roll(point, axis).tolist()
        return x, y, z

    room = Room(size=(3, 4, 5), mouth=(1, 2, 3), microphone=(1.5, 2.5, 1), reflection=0.7)
    other = replace(
        room, size=turned(room.size), mouth=turned(room.mouth), microphone=turned(room.microphone)
    )
    assert impulse_response(other, 16_000) == pytest.approx(impulse_response(room, 16_000), abs=1e-9)


def test_walls_that_give_back_more_make_more_echo() -> None:
    room = Room(size=(4, 3, 2.5), mouth=(1, 1, 1.5), microphone=(1.5, 1, 1.5), reflection=0.0)
    energies = [energy(replace(room, reflection=share)) for share in (0.0, 0.2, 0.5, 0.8)]
    assert energies == sorted(energies)
    assert len(set(energies)) == 4
    assert energies[0] == pytest.approx(1)


def test_drawn_rooms_have_a_finite_echo_after_the_straight_click() -> None:
    for seed in range(10):
        room = draw_room(np.random.default_rng(seed))
        response = impulse_response(room, 16_000)
        assert response.shape == (4000,)
        assert np.isfinite(response).all()
        assert response[0] >= 0.99
        assert np.sum(response[1:] ** 2) > 0

"""Display profiles are sound, the same at each call, and made of what spans colors only."""

from __future__ import annotations

import pytest

from dreamlayer.core.images.profiles.code_points import SRGB_POINTS
from dreamlayer.core.images.profiles.display_profile import display_profile, parametric
from dreamlayer.core.images.profiles.sound_profile import sound_profile


def test_a_profile_is_sound() -> None:
    """libpng's checks find nothing to repair, and equal curves are stored once."""
    curve = parametric((2.2,))
    made = display_profile(SRGB_POINTS, curve, "mine", bytes((1, 4, 0, 1)))
    assert sound_profile(made) == made
    assert made == display_profile(SRGB_POINTS, curve, "mine", bytes((1, 4, 0, 1)))
    assert made.count(curve) == 1


@pytest.mark.parametrize(
    "points",
    [((0.3, 0.3),) * 4, ((0.7, 0.01), (0.3, 0.3), (0.3, 0.302), (0.302, 0.3))],
)
def test_what_spans_no_colors(points: tuple[tuple[float, float], ...]) -> None:
    """Primaries on a line, or so near to one that no profile holds their numbers, are refused."""
    with pytest.raises(ValueError, match="primaries"):
        display_profile(points, parametric((2.2,)), "none")

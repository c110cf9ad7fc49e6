"""Code points of a HEIF picture become a profile, none for sRGB, or a sentence."""

from __future__ import annotations

import pytest

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.heif_colors import profile_of_points
from dreamlayer.core.images.profiles.code_points import HLG, PQ, profile_of


def test_profiles() -> None:
    """Nothing said and sRGB need none; others have that of their numbers."""
    assert profile_of_points(None, "a") is None
    assert profile_of_points((1, 13), "a") is None
    assert profile_of_points((12, 13), "a") == profile_of(12, 13)


@pytest.mark.parametrize(
    ("points", "says"),
    [((9, PQ), r"HDR picture \(PQ\)"), ((9, HLG), "HLG"), ((77, 13), "77 and 13")],
)
def test_what_is_refused(points: tuple[int, int], says: str) -> None:
    """HDR and unknown numbers are named."""
    with pytest.raises(PictureError, match=says):
        profile_of_points(points, "a")

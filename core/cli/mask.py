"""`--mask`: a gray picture that says where to dream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.errors import OptionError, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_TOLERANCE = 0.01
"""Largest relative difference between the proportions of a mask and of a picture."""


@dataclass(frozen=True, eq=False)
class Mask:
    """Where to dream.

    Attributes
    ----------
    name : str
        Its file.
    values : array
        float32 [height, width], 0 (keep) to 1 (dream).
    """

    name: str
    values: npt.NDArray[np.float32]

    def for_size(self, width: int, height: int) -> npt.NDArray[np.float32]:
        """The mask for a picture of this size.

        Raises
        ------
        OptionError
            The picture has other proportions.
        """
        import numpy as np

        from dreamlayer.core.images.resampling import resized_plane

        own_height, own_width = self.values.shape
        if abs(own_width * height / (own_height * width) - 1) > _TOLERANCE:
            raise OptionError(
                f"the mask {shown(Path(self.name))} is {own_width} × {own_height} pixels, but the "
                f"picture {width} × {height}; give a mask of the same size or proportions"
            )
        return np.clip(resized_plane(self.values, (height, width)), 0, 1)


def read_mask(name: str, max_megapixels: float) -> Mask:
    """Read a mask: the luminance of a picture, and black where it is transparent.

    Raises
    ------
    PictureError
        The file cannot be read.
    ImageError
        It holds floats that do not run from 0 to 1.
    """
    import numpy as np

    from dreamlayer.core import images
    from dreamlayer.core.images.array_image import check_range
    from dreamlayer.core.images.arrays import planar
    from dreamlayer.core.images.luminance import luminance
    from dreamlayer.core.images.transparency import opacity

    picture = images.open(name, max_megapixels).load()
    check_range(picture.pixels, f"the mask {shown(Path(name))}")
    values = np.clip(luminance(planar(picture.pixels)), 0, 1)
    # Sums of weights that are rounded must not leave white a little gray.
    values[values > _WHITE] = 1
    visible = opacity(picture.alpha)
    return Mask(name, values if visible is None else values * visible)


_WHITE = 1 - 1e-6

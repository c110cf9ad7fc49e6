"""The public names, listed once; `dreamlayer` and a checkout's `core` give them on first use."""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from dreamlayer.core.ascent.progress import Progress as Progress
from dreamlayer.core.dreaming.dreamer import Dreamer as Dreamer
from dreamlayer.core.dreaming.warm_dreamer import dream as dream
from dreamlayer.core.errors import DreamlayerError as DreamlayerError
from dreamlayer.core.images import Picture as Picture
from dreamlayer.core.images import read as read
from dreamlayer.core.network.network import Network as Network
from dreamlayer.core.recipe.finished import write as write
from dreamlayer.core.recipe.presets import preset as preset
from dreamlayer.core.recipe.presets import presets as presets
from dreamlayer.core.recipe.recipe import Recipe as Recipe
from dreamlayer.core.recipe.term import Term as Term
from dreamlayer.core.version import VERSION as _VERSION

if _TYPE_CHECKING:
    from dreamlayer.core.network.gradient_model import gradient_model as gradient_model

__version__ = _VERSION
__all__ = [name for name in dir() if not name.startswith("_")]
__all__ += ["__version__", "gradient_model"]


def __getattr__(name: str) -> _Any:
    if name != "gradient_model":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # It needs onnx, which a dream on a known network does without.
    from dreamlayer.core.network.gradient_model import gradient_model

    return gradient_model

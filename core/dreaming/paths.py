"""Whether a dream's image stays in numpy's arrays or on the provider's device."""

from __future__ import annotations

from dreamlayer.core.device.objective import loaded_provider
from dreamlayer.core.errors import OptionError
from dreamlayer.core.runtime.providers import AUTO
from dreamlayer.core.runtime.sessions import full_name, offered, short_name
from dreamlayer.core.runtime.settings import ON_DEVICE

NUMPY, STAYING = "numpy", "resident"
PATHS = (AUTO, NUMPY, STAYING)
"""`numpy` copies each tile to the provider and its gradient back. `resident` keeps the image on
the provider's device throughout. `auto` takes `resident` for GPUs by CUDA and ROCm, where copies
and numpy's part would take longer than the network; on the CPU there is nothing to copy, and numpy
needs less memory, since it works in place and a plane at a time."""


def check_path(path: str) -> None:
    """Raise `OptionError` where there is no such path."""
    if path not in PATHS:
        raise OptionError(f"path {path!r} is not known; use one of {', '.join(PATHS)}")


def device_provider(path: str, provider: str, threads: int = 0) -> str | None:
    """Short name of the provider that images stay with, or None where numpy has them.

    Parameters
    ----------
    path : str
        One of `PATHS`.
    provider, threads
        As for `core.runtime.sessions.open_session`.

    Raises
    ------
    ProviderError
        Where the provider cannot be had.
    """
    if path == STAYING:
        return loaded_provider(provider, threads)
    if path == NUMPY:
        return None
    wished = set(offered()) if provider == AUTO else {short_name(full_name(provider))}
    if not wished.intersection(ON_DEVICE):
        return None
    # One that is built in may still not load.
    loaded = loaded_provider(provider, threads)
    return loaded if loaded in ON_DEVICE else None

"""What goes wrong while the plug-in is put into an editor, each in one sentence."""

from __future__ import annotations

from dreamlayer.core.errors import DreamlayerError


class InstallError(DreamlayerError):
    """The plug-in cannot be installed: no GIMP, an interpreter that will not do, a folder that
    is not ours or not writable."""

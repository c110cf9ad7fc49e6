"""Names the running GIMP: numbers of layers and images begin again with the next one."""

import secrets

from gi.repository import Gimp

_NAME = "dreamlayer-session"


def token():
    """A text that every filter of this GIMP sees, and none of another or the next one."""
    kept = Gimp.get_parasite(_NAME)
    if kept is None:
        # Without the flag to persist, GIMP forgets it when it ends.
        kept = Gimp.Parasite.new(_NAME, 0, secrets.token_hex(8).encode("ascii"))
        Gimp.attach_parasite(kept)
    return bytes(kept.get_data()).decode("ascii")

"""What the dialogs say in Krita alone: whole sentences with named places."""

from ...editor.translation import _

TITLE = _("{filter}: {layer} – {document}")
NO_DOCUMENT = _("no document is open; open one, and choose a layer")
BUSY = _("{filter} is at work already; wait for its end, or stop it")
RESET_HELP = _("Sets everything back to how it was when it was first opened")
STOP_HELP = _("Stops; the picture stays as it is")

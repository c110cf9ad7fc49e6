"""What the windows of both filters have in common in Krita: their frame, keys, buttons and end."""

from ...editor.dialog import words as dialog_words
from ...editor.dialog.plan import Part
from ...editor.translation import _
from .. import kept
from ..documents import name_of
from ..layer_source import LayerSource
from ..pixels import is_open
from ..qt import QShortcut, Qt, QtGui
from ..recipes import recipe_on
from . import screen, words
from .frame import Buttons, Frame
from .picture import write_small
from .preview_pane import PreviewPane

PATIENCE = 200
"""Milliseconds after which a worker that does not stop is ended."""

_GLANCE = 128
"""Longer side of what is compared to see whether the layer was changed, in pixels."""


class FilterWindow:
    """The widgets of an `editor.dialog.filter_dialog.FilterDialog`, which is mixed in beside it.

    It leaves Krita usable, and ends by itself; until then, whoever opened it keeps it.

    Parameters
    ----------
    arguments : editor.dialog.arguments.Arguments
        What is set.
    settings : settings.Settings
        The parameters.
    folder : str
        Where the plug-in is installed.
    document : krita.Document
        The document that is worked on.
    nodes : list of krita.Node
        What is to be changed; the first one is previewed.
    work : callable
        Given a worker, does the work as `arguments` says and writes the result.
    maker : editor.dialog.previews.PreviewMaker
        Makes previews; its worker may be starting.
    parent : QWidget
        Krita's window.
    on_end : callable
        Called when it has ended.

    Attributes
    ----------
    krita_window : QWidget
        The parent.
    has_ended : bool
        Whether it was left, or ended by itself.
    """

    def __init__(self, arguments, settings, folder, document, nodes, work, maker, parent, on_end):
        first = nodes[0]
        super().__init__(
            arguments, settings, folder, recipe_on(document, first, self.work), maker, screen
        )
        self._document, self._name, self._count = document, first.name(), len(nodes)
        self.krita_window, self._ended_call = parent, on_end
        self._frame = self._buttons = self._glance = None
        self._leaving = self.has_ended = False
        self.open(self.make_source(document, first), work)
        self._glance = self._glanced()
        self._frame.show()

    def make_source(self, document, node):
        """What reads the layer for the preview."""
        return LayerSource(document, node)

    def make_side(self, choose, picture, changed):
        """A `pykrita.dialog.side.Side`; the arguments are as there."""
        raise NotImplementedError

    def build(self, source):
        """Build it above Krita's window."""
        title = words.TITLE.format(
            filter=_(self.work.title),
            layer=self._name,
            document=name_of(self._document),
        )
        self._frame = Frame(self.krita_window, title, self.leave, self._key, self._look)
        about = dialog_words.chosen(self._name, *source.changed, self._count)
        self.pane = PreviewPane(source.width, source.height, about, self.live.moved)
        self.side = self.make_side(self.choose, self._keep_picture, self.renew)
        texts = self.texts.ok_label, self.texts.apply_help
        calls = self._dream, self._apply, self.leave, self._reset
        self._buttons = Buttons(*texts, *calls)
        self._frame.fill(self.pane, self.side, self._buttons)
        self.pane.view.setFocus()
        find = QShortcut(QtGui.QKeySequence(QtGui.QKeySequence.StandardKey.Find), self._frame)
        find.activated.connect(self._search)

    def close_window(self):
        """Close it, where it was built."""
        frame = self._frame
        if frame is not None:
            frame.detach()
            # Then it is deleted with the last reference to it: not while its button is pressed.
            screen.call_soon(frame.deleteLater)

    def update_buttons(self):
        """Let the painter do what can be done now."""
        idle = not self.applying.is_busy()
        self.side.setEnabled(idle)
        self._buttons.show_state(idle, self.is_ready())

    def show(self):
        """Bring it before the other windows."""
        self._frame.setWindowState(self._frame.windowState() & ~Qt.WindowState.WindowMinimized)
        self._frame.show()
        self._frame.raise_()
        self._frame.activateWindow()

    def leave(self):
        """End, or stop what is being done: what the painter wants by Close and Stop."""
        if self.applying.is_busy():
            self.applying.cancel()
            screen.call_later(PATIENCE, self._insist)
        else:
            self._end_all()

    def abandon(self):
        """End at once, whatever is being done: Krita's window closes."""
        self._leaving = True
        if self.has_ended:
            return
        self._frame.detach()
        if self.applying.is_busy():
            self.applying.abandon()
        else:
            self._end_all()

    def look_for_document(self):
        """End where the document was closed; what is being done comes to its end before."""
        if is_open(self._document) or self.has_ended:
            return
        self._leaving = True
        if not self.applying.is_busy():
            self._end_all()

    def _insist(self):
        if self.applying.is_stopping():
            self.applying.abandon()

    def _end_all(self):
        if not self.has_ended:
            self.has_ended = True
            self.end(False)
            self._ended_call(self)

    def _go_on(self, spare):
        """Preview again, unless the window ends now."""
        if not self._leaving:
            super()._go_on(spare)
        elif spare is not None:
            spare.kill()
            spare.close()

    def _dream(self):
        self._work(True)

    def _apply(self):
        self._work(False)

    def _work(self, closes):
        """Do the work; then end where that is wanted and nothing failed."""
        if self.applying.is_busy():
            return
        kept.remember(self.settings, self.config)
        done = self.applying.run()
        if self._leaving or (done and closes):
            self._end_all()
        else:
            self._glance = self._glanced()

    def _reset(self):
        """Set all arguments back."""
        for name, value in kept.defaults(self.settings).items():
            self.config.set_property(name, value)

    def _keep_picture(self, path):
        """Write the present preview as a small picture."""
        dream = self.pane.view.dream()
        if dream is not None:
            write_small(dream.picture, path)

    def _search(self):
        if self.side.isEnabled():
            self.side.search()

    def _key(self, key, pressed):
        return self.pane.press(key, pressed)

    def _look(self):
        """Preview again where the painter changed the layer or the selection meanwhile."""
        if self.live is None or self.applying is None or self.applying.is_busy() or self.has_ended:
            return
        if not self.live.source.is_there():
            self.live.fail(dialog_words.GONE)
            return
        seen = self._glanced()
        if self._glance is not None and seen != self._glance:
            self.live.look_again()
            self.live.begin()
        self._glance = seen

    def _glanced(self):
        """What is compared to see whether the layer or the selection changed."""
        source = self.live.source
        if not source.is_there():
            return None
        source.refresh()
        size = source.width, source.height
        return size, source.read(Part(0, 0, *size, min(1.0, _GLANCE / max(size))))

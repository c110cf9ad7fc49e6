"""What the commands in Krita's menu do: open the dialogs, one of each, and repeat a dream."""

import collections
import os

from krita import Krita

from ..editor import messages
from ..editor.dialog.arguments import Arguments
from ..editor.dialog.previews import PreviewMaker
from ..editor.guide import is_layer
from ..editor.messages import RefusedError
from ..editor.settings import DREAM, STYLE, Settings
from ..editor.style import words as style_words
from ..editor.translation import _
from ..editor.worker_client import Worker, WorkerError
from . import guide, kept, message
from . import words as krita_words
from .dialog import words
from .following import Following
from .nodes import check, extent, find, id_of
from .offered import OF_KRITA
from .original import selected_box
from .output import show
from .pixels import is_open
from .repetition import Repetition
from .work import dream_as_set, style_as_set

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

Filter = collections.namedtuple("Filter", "kind title failed as_set window")
"""A filter: the kind of its settings, its name in English, the sentence for a failure that nobody
expected, what does the work, and what imports the class of its dialog's window."""


def _dream_window():
    from .dialog.window import Window

    return Window


def _style_window():
    from .style.window import StyleWindow

    return StyleWindow


_DREAM = Filter(DREAM, messages.DREAM.title, messages.FAILED, dream_as_set, _dream_window)
_STYLE = Filter(STYLE, messages.STYLE.title, style_words.FAILED, style_as_set, _style_window)


class Commands:
    """The commands; what they opened is kept here until it ends."""

    def __init__(self):
        self._open = {}
        self._repetition = self._at_work = None
        self._following = Following(self._look_for_documents, self._abandon)

    def deep_dream(self):
        """Open the dialog of Deep Dream, or show the one that is open."""
        self._show(_DREAM)

    def style_transfer(self):
        """The same of Style Transfer."""
        self._show(_STYLE)

    def repeat_dream(self):
        """Dream as last time, without the dialog; with it where nothing was dreamt yet."""
        settings = self._settings(_DREAM)
        if not kept.is_remembered(settings):
            self._show(_DREAM)
            return
        try:
            document, ids = _chosen()
            self._check_idle()
            self._repeat(settings, document, ids)
        except (RefusedError, ValueError, WorkerError) as error:
            message.show(str(error), _(_DREAM.title), warns=True)

    def _show(self, filter_):
        if filter_.kind in self._open:
            self._open[filter_.kind].show()
            return
        try:
            document, ids = _chosen()
        except RefusedError as error:
            message.show(str(error), _(filter_.title), warns=True)
            return
        settings = self._settings(filter_)
        arguments = Arguments(kept.remembered(settings))
        if filter_.kind == DREAM:
            _forget_former_guide(arguments)
        maker = PreviewMaker(lambda: Worker(_FOLDER))
        # It starts while the window is built.
        maker.warm_up()
        work = self._work(filter_, document, ids, arguments, settings, lambda *_: None)
        parent = Krita.instance().activeWindow().qwindow()
        nodes = _found(document, ids)
        given = arguments, settings, _FOLDER, document, nodes, work, maker, parent
        try:
            self._open[filter_.kind] = filter_.window()(*given, self._forget)
        except BaseException:
            maker.abandon()
            raise
        self._following.watch(parent)

    def _repeat(self, settings, document, ids):
        arguments = Arguments(kept.remembered(settings))
        parent = Krita.instance().activeWindow().qwindow()
        self._repetition = Repetition(_FOLDER, parent, _(_DREAM.title))
        self._following.watch(parent)
        work = self._work(_DREAM, document, ids, arguments, settings, self._repetition.report)
        try:
            failed = self._repetition.run(work)
        finally:
            self._repetition = None
        if failed is not None:
            message.show(failed, _(_DREAM.title), warns=True)

    def _work(self, filter_, document, ids, arguments, settings, progress):
        """What does the work, given a worker, and shows the result."""

        def work(worker):
            self._check_idle()
            self._at_work = filter_
            try:
                nodes = _found(document, ids)
                given = worker, document, nodes, arguments, settings, progress
                made, notice = filter_.as_set(*given)
            finally:
                self._at_work = None
            if made is not document:
                show(made)
            if notice:
                message.show(notice, _(filter_.title))

        return work

    def _check_idle(self):
        """Raise `RefusedError` while something is at work: the first could not end before it."""
        if self._at_work is not None:
            raise RefusedError(words.BUSY.format(filter=_(self._at_work.title)))

    @staticmethod
    def _settings(filter_):
        return Settings(_FOLDER, filter_.kind, OF_KRITA)

    def _forget(self, window):
        """A dialog has ended."""
        self._open = {kind: one for kind, one in self._open.items() if one is not window}

    def _look_for_documents(self):
        for window in list(self._open.values()):
            window.look_for_document()

    def _abandon(self, parent):
        """End what was opened above a window of Krita's, which closes; all where None is given."""
        at_work = list(self._open.values())
        if self._repetition is not None:
            at_work.append(self._repetition)
        for one in at_work:
            if parent is None or one.krita_window is parent:
                one.abandon()


def _chosen():
    """The document that is seen, and the ids of its chosen layers, the active one first.

    Not the layers: whoever goes on while the worker dreams must hold none.

    Raises
    ------
    RefusedError
        There is no document, or what is chosen cannot be worked on.
    """
    document = Krita.instance().activeDocument()
    if document is None:
        raise RefusedError(words.NO_DOCUMENT)
    active = document.activeNode()
    if active is None:
        raise RefusedError(krita_words.NO_LAYER)
    view = Krita.instance().activeWindow().activeView()
    others = [node for node in view.selectedNodes() if id_of(node) != id_of(active)]
    nodes = [active] + others
    selected = selected_box(document)
    for node in nodes:
        check(node)
        whole = extent(document, node)
        if not whole:
            raise RefusedError(krita_words.empty(node.name()))
        if selected is not None and not whole.within(selected):
            raise RefusedError(krita_words.beside(node.name()))
    return document, [id_of(node) for node in nodes]


def _found(document, ids):
    """The nodes of a document; none where it was closed, which the work tells."""
    if not is_open(document):
        return []
    nodes = [find(document, one) for one in ids]
    if any(node is None for node in nodes):
        raise RefusedError(krita_words.GONE_EARLY)
    return nodes


def _forget_former_guide(arguments):
    """A layer that was the guide last time may be in no document that is open now."""
    text = arguments.get_property("guide")
    if is_layer(text) and guide.chosen(text) is None:
        arguments.set_property("guide", "")

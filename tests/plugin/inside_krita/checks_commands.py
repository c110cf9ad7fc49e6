"""The commands in Krita's menu, inside Krita; what stands for its windows here is made up."""

import gc
from unittest import mock

import scene
from krita import Node

from dreamlayer.pykrita import commands
from dreamlayer.pykrita.following import Following
from dreamlayer.pykrita.qt import QtWidgets


class Seen:
    """Stands for Krita with one window, in which a document is seen."""

    def __init__(self, document):
        self._document = document
        self._window = QtWidgets.QWidget()
        self.instance = self.activeWindow = self.activeView = lambda: self

    def activeDocument(self):  # noqa: N802  (Krita's own names)
        """A document whose only layer is the active one."""
        return _Document(self._document)

    def selectedNodes(self):  # noqa: N802
        """That layer."""
        return [scene.top(self._document)]

    def qwindow(self):
        """Its window."""
        return self._window

    def notifier(self):
        """It tells nothing."""
        return mock.MagicMock()


class _Document:
    """A document as Krita has it, with an active node."""

    def __init__(self, document):
        self._document = document

    def __getattr__(self, name):
        return getattr(self._document, name)

    def __eq__(self, other):
        return self._document == other

    def activeNode(self):  # noqa: N802
        """The only layer."""
        return scene.top(self._document)


class Repetition:
    """Looks who holds nodes while the work would be done."""

    held = None

    def __init__(self, *_):
        self.report = None

    def run(self, work):
        """Count them."""
        gc.collect()
        Repetition.held = sum(isinstance(one, Node) for one in gc.get_objects())


def check_no_layer_is_held_while_a_dream_is_repeated():
    """The document may be closed meanwhile, at which Krita would crash."""
    made, node = scene.picture()
    del node
    seen = Seen(made)
    remembered = mock.MagicMock(is_remembered=lambda _: True, remembered=lambda _: {})
    changed = {"Krita": seen, "kept": remembered, "Repetition": Repetition}
    with mock.patch.multiple(commands, Following=mock.MagicMock(), **changed):
        gc.collect()
        before = sum(isinstance(one, Node) for one in gc.get_objects())
        commands.Commands().repeat_dream()
    assert Repetition.held is not None and Repetition.held <= before, (before, Repetition.held)


class Opened:
    """Stands for a dialog, or for a dream that is repeated."""

    def __init__(self, parent):
        self.krita_window, self.ended = parent, 0

    def abandon(self):
        """Count it."""
        self.ended += 1


def check_a_window_ends_what_was_opened_above_it():
    """And nothing of Krita's other windows, until Krita itself ends."""
    first, second, calls = QtWidgets.QWidget(), QtWidgets.QWidget(), []
    follower = Following(calls.clear, calls.append)
    for window in (first, second, first):
        window.show()
        follower.watch(window)
    first.hide()
    assert len(calls) == 1 and calls[0] is first, calls
    first.show()
    first.hide()
    assert len(calls) == 1
    with mock.patch.object(commands, "Following"):
        opened = commands.Commands()
    dream, style = opened._open["dream"], opened._open["style"] = Opened(first), Opened(second)
    repeated = opened._repetition = Opened(second)
    for window, counts in ((first, [1, 0, 0]), (second, [1, 1, 1]), (None, [2, 2, 2])):
        opened._abandon(window)
        assert [one.ended for one in (dream, style, repeated)] == counts, (window, counts)

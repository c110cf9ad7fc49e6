"""Checks of what was set last as it is read again, and of the language, in Krita's own settings."""

import json

from dialog_scene import FOLDER
from krita import Krita

from dreamlayer.editor.choices import CUSTOM
from dreamlayer.editor.dialog.arguments import Arguments
from dreamlayer.editor.settings import DREAM, STYLE, Settings
from dreamlayer.pykrita import kept, language
from dreamlayer.pykrita.offered import OF_KRITA
from dreamlayer.pykrita.qt import QtCore


def _restored(values, kind=DREAM):
    return kept.restored(Settings(FOLDER, kind, OF_KRITA), json.dumps(values))


def check_what_was_set_comes_back():
    """Through Krita's settings, each filter for itself, with all letters and lines."""
    before = {kind: Krita.instance().readSetting("dreamlayer", kind, "") for kind in (DREAM, STYLE)}
    try:
        for kind, own in (
            (DREAM, {"guide": '/tmp/"ä, 中\\n".png', "steps": 7, "frames": 12}),
            (STYLE, {"style-pictures": ["/a:b/ü.png", "layer:{1}:x"], "style-weights": "1, 0.5"}),
        ):
            settings = Settings(FOLDER, kind, OF_KRITA)
            values = dict(kept.defaults(settings), output="paint-in", opacity=40.0, **own)
            kept.remember(settings, Arguments(values))
            assert kept.is_remembered(settings)
            assert kept.remembered(settings) == dict(values, preset=CUSTOM)
    finally:
        for kind, text in before.items():
            Krita.instance().writeSetting("dreamlayer", kind, text)


def check_nothing_that_was_set():
    """Before the first time all has its default, the preset too; so where the text is no JSON."""
    settings = Settings(FOLDER, DREAM, OF_KRITA)
    for text in ("", "{", "null", "[1, 2]", '"steps"'):
        assert kept.restored(settings, text) == kept.defaults(settings), text
    assert "style-pictures" not in kept.defaults(settings)
    assert kept.defaults(Settings(FOLDER, STYLE, OF_KRITA))["style-pictures"] == []


def check_what_is_missing_or_unknown():
    """What is missing has its default, what is unknown is left out, the rest counts."""
    defaults = kept.defaults(Settings(FOLDER, DREAM, OF_KRITA))
    expected = dict(defaults, steps=7, preset=CUSTOM)
    assert _restored({"steps": 7, "of a later version": 1, "step_size": 3.0}) == expected


def check_what_is_of_another_type():
    """It has its default, as what is not allowed; a whole number is a number."""
    defaults = dict(kept.defaults(Settings(FOLDER, DREAM, OF_KRITA)), preset=CUSTOM)
    for name, values in (
        ("steps", ("7", 7.5, True, None, [7], -1)),
        ("step-size", ("0.1", True, None, {})),
        ("layers", (3, None, ["mixed3"])),
        ("output", ("in-place", "no such output", 1)),
        ("mode", ("no such mode", None)),
        ("mask-from", ("layer-mask",)),
        ("opacity", (-1.0, 101.0, "50")),
        ("provider", ("no such provider",)),
        ("frames", (0, "3", None)),
    ):
        for value in values:
            found = _restored({name: value})
            assert found == defaults, (name, value, found[name])
    assert _restored({"opacity": 50})["opacity"] == 50
    of_styles = kept.defaults(Settings(FOLDER, STYLE, OF_KRITA))
    for value in ("/a.png", [1], None):
        found = _restored({"style-pictures": value}, STYLE)
        assert found == dict(of_styles, preset=CUSTOM), value


def check_language():
    """One that is set in Krita, several with the best first, or none."""
    listed = language.listed
    assert listed(None) == listed("") == listed(b"".decode()) == []
    assert listed("de") == ["de"]
    assert listed("de:pt_BR:") == ["de", "pt_BR"]
    assert listed(["de", "en"]) == ["de", "en"]
    assert listed(QtCore.QByteArray(b"fr:de")) == ["fr", "de"]
    assert listed(QtCore.QByteArray(b"fr:\xff"))[0] == "fr"


def check_language_in_the_file():
    """It is read where Krita writes it, for the program that runs."""
    paths = QtCore.QStandardPaths
    path = paths.writableLocation(paths.StandardLocation.GenericConfigLocation)
    path += "/klanguageoverridesrc"
    QtCore.QDir().mkpath(QtCore.QFileInfo(path).path())
    assert not QtCore.QFile.exists(path) and language.chosen() == []
    program = QtCore.QCoreApplication.applicationName() or "krita"
    try:
        for value in ("de", "@ByteArray(de:fr)"):
            with open(path, "w", encoding="utf-8") as file:
                file.write("[Language]\n{}={}\nanother=ja\n".format(program, value))
            assert language.chosen()[0] == "de", language.chosen()
    finally:
        QtCore.QFile.remove(path)

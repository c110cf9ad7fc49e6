# -*- coding: utf-8 -*-
"""How the plug-ins find their texts in the painter's language, in Python 2.7 and 3 alike.

Each case opens with a sentence of behaviour and raises where that does not hold.
"""

from __future__ import unicode_literals

import io
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(_TESTS)), str("plugin"), str("dreamlayer"))
sys.path.insert(0, PLUGIN)

import gimp_messages  # noqa: E402
from editor import messages, translation  # noqa: E402
from editor.settings import MINE, STYLE, SettingError, Settings, choices_of  # noqa: E402
from editor.translation import N_, _, choose, folders, ngettext, read, wanted  # noqa: E402

sys.path.remove(PLUGIN)

GERMAN = """# German.
msgid ""
msgstr ""
"Language: de\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: gimp3/filter.py:7
msgid "Steps"
msgstr "Schritte"

#, fuzzy
msgid "Guessed"
msgstr "Geraten"

msgid "Not yet"
msgstr ""

# Long texts are written in parts.
msgid ""
"The layer \\"{name}\\" "
"is locked.\\n"
msgstr "Die Ebene „{name}“ "
"ist gesperrt.\\n"
msgid "{count} layer"
msgid_plural "{count} layers"
msgstr[0] "{count} Ebene"
msgstr[1] "{count} Ebenen"

#~ msgid "Gone"
#~ msgstr "Fort"
"""

POLISH = """msgid ""
msgstr ""
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 "
": 2);\\n"

msgid "{count} layer"
msgid_plural "{count} layers"
msgstr[0] "{count} warstwa"
msgstr[1] "{count} warstwy"
msgstr[2] "{count} warstw"
"""


def _put(folder, language, text):
    """Write a language's texts."""
    place = os.path.join(folder, str(language))
    os.makedirs(place)
    path = os.path.join(place, str("dreamlayer.po"))
    with io.open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def case_texts(folder):
    """A text that a language has comes in it; others, guessed and unfinished ones in English."""
    _put(folder, "de", GERMAN)
    choose(["de"], folder)
    assert _("Steps") == "Schritte"
    assert _("Guessed") == "Guessed"
    assert _("Not yet") == "Not yet"
    assert _("Gone") == "Gone"
    assert _("Unknown") == "Unknown"
    assert _("") == ""
    locked = _('The layer "{name}" is locked.\n').format(name="Möwe")
    assert locked == "Die Ebene „Möwe“ ist gesperrt.\n"
    assert N_("Steps") == "Steps"
    choose([], folder)
    assert _("Steps") == "Steps"


SHOWN = """msgid "{title}: loading the network"
msgstr "{title} : chargement du réseau"
msgid "Style Transfer"
msgstr "Transfert de style"
msgid "'{name}' was locked while the filter ran; its result is on a new layer"
msgstr "« {name} » a été verrouillé ; le résultat est sur un nouveau calque"
msgid "while the filter ran, {names} were changed; their results are on new layers"
msgstr "{names} ont changé ; les résultats sont sur de nouveaux calques"
msgid "{name} must lie between {low} and {high}, but is {value}"
msgstr "{name} doit être entre {low} et {high}, pas {value}"
msgid "{title} (needs {network}): {description}"
msgstr "{title} (exige {network}) : {description}"
msgid "Layer"
msgstr "Calque"
msgid "{sentence}."
msgstr "{sentence}。"
"""


def case_where_texts_are_shown(folder):
    """Tables that are in English are translated where they are shown, also without a dialog."""
    _put(folder, "fr", SHOWN)
    choose(["fr"], folder)
    settings = Settings(PLUGIN)
    loading = messages.progress({"stage": "loading"}, work=messages.STYLE)
    assert loading == "Transfert de style : chargement du réseau"
    assert gimp_messages.moved([("locked", "{}")]).startswith("« {} » a été verrouillé")
    assert gimp_messages.moved([("gone", "a"), ("kind", "b")]).startswith("'a', 'b' ont changé")
    assert messages.shown("été") == "Été。"
    needy = next(name for name in settings.presets if settings.needs(name))
    assert " (exige " in settings.preset_label(needy)
    said = ""
    try:
        settings.recipe("custom", {"steps": -1})
    except SettingError as error:
        said = error.args[0]
    assert said.startswith("steps doit être entre 0 et ")
    # Arguments have the same names and defaults in every language.
    assert settings.parameters["layers"].title == "Layer"
    choose([], folder)
    english = Settings(PLUGIN)
    assert english.parameters == settings.parameters
    for one in list(english.parameters.values()) + list(
        Settings(PLUGIN, STYLE).parameters.values()
    ):
        if one.choices:
            assert [choice for choice, _title in choices_of(one)] == one.choices


def case_own_presets_keep_their_words(folder):
    """What a painter called a preset is not translated, also where there is a text of that name."""
    _put(folder, "de", GERMAN)
    choose(["de"], folder)
    settings = Settings(PLUGIN)
    shipped = next(iter(settings.presets))
    titled = dict(settings.presets[shipped], title="Steps", description="Steps")
    settings.presets["Steps"] = dict(titled, group=MINE)
    assert settings.shown_title("Steps") == settings.shown_description("Steps") == "Steps"
    assert settings.preset_label("Steps") == "Steps: Steps"
    settings.presets["Steps"] = titled
    assert settings.shown_title("Steps") == "Schritte"


def case_numbers(folder):
    """Each language has its own forms for numbers, English two."""
    _put(folder, "de", GERMAN)
    _put(folder, "pl", POLISH)
    expected = {
        "de": {0: "Ebenen", 1: "Ebene", 2: "Ebenen"},
        "pl": {1: "warstwa", 3: "warstwy", 5: "warstw", 12: "warstw", 22: "warstwy"},
        "fr": {0: "layers", 1: "layer", 2: "layers"},
    }
    for language, forms in expected.items():
        choose([language], folder)
        for number, word in forms.items():
            assert ngettext("{count} layer", "{count} layers", number) == "{count} " + word


def case_the_next_language(folder):
    """A text that the first language lacks comes in the next one; English ends the search."""
    _put(folder, "de", GERMAN)
    _put(folder, "fr", 'msgid "Steps"\nmsgstr "Étapes"\n\nmsgid "Unknown"\nmsgstr "Inconnu"\n')
    choose(["de_AT.UTF-8", "fr"], folder)
    assert (_("Steps"), _("Unknown")) == ("Schritte", "Inconnu")
    for end in ("en_GB", "C"):
        choose(["de", end, "fr"], folder)
        assert (_("Steps"), _("Unknown")) == ("Schritte", "Unknown")


def case_what_cannot_be_read(folder):
    """A damaged file is English, and no error; reading it alone says where it is damaged."""
    for number, text in enumerate(("msgid Steps\n", '"text"\n', 'msgid "a" "b"c\n')):
        path = _put(folder, "x%s" % "abc"[number], text)
        said = ""
        try:
            read(path)
        except ValueError as error:
            said = str(error)
        assert "line 1" in said, text
    with io.open(os.path.join(folder, str("xa"), str("dreamlayer.po")), "wb") as file:
        file.write(b'msgid "\xff"\n')
    bad = _put(folder, "xd", 'msgid ""\nmsgstr "Plural-Forms: plural=__import__;\\n"\n')
    assert os.path.isfile(bad)
    for language in ("xa", "xb", "xc", "xd", "xe"):
        choose([language], folder)
        assert _("Steps") == "Steps"


def case_folders(_folder):
    """The closest folder comes first; Chinese goes by its script; nothing leads elsewhere."""
    expected = {
        "de": ["de"],
        "de_AT.UTF-8": ["de_AT", "de"],
        "de-AT": ["de_AT", "de"],
        "ca_ES@valencia": ["ca@valencia", "ca_ES", "ca"],
        "sr_Latn_RS": ["sr_RS", "sr"],
        "zh": ["zh_CN"],
        "zh_CN.GB18030": ["zh_CN"],
        "zh-Hans-CN": ["zh_CN"],
        "zh-Hans-HK": ["zh_CN"],
        "zh_SG": ["zh_CN"],
        "zh_TW": ["zh_TW"],
        "zh-Hant": ["zh_TW"],
        "../../etc": [],
        "de/../fr": [],
        "C": [],
        "": [],
        "schön": [],
    }
    for name, found in expected.items():
        assert folders(name) == found, name


def case_wanted_on_linux(_folder):
    """The variables count in gettext's order; without a locale, LANGUAGE does not."""
    cases = [
        ({}, []),
        ({"LANG": "de_DE.UTF-8"}, ["de_DE.UTF-8"]),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR"}, ["fr_FR"]),
        ({"LANG": "de", "LC_MESSAGES": "fr", "LC_ALL": "es"}, ["es"]),
        ({"LANG": "de", "LC_ALL": ""}, ["de"]),
        ({"LANG": "de", "LANGUAGE": "ja:fr"}, ["ja", "fr"]),
        ({"LANG": "C.UTF-8", "LANGUAGE": "ja"}, ["ja"]),
        ({"LANG": "C", "LANGUAGE": "ja"}, []),
        ({"LC_ALL": "C", "LANG": "de"}, []),
        ({"LANGUAGE": "ja"}, []),
    ]
    for environment, languages in cases:
        assert wanted(environment, "linux", None) == languages, environment
    for value in (b"d\xff", b"de"):
        assert len(wanted({"LANG": value}, "linux", None)) == 1


def case_wanted_elsewhere(_folder):
    """On Windows and macOS the user's settings count where no variable says more."""
    for platform in ("win32", "darwin"):

        def ask():
            return ["de_DE"]

        assert wanted({}, platform, ask) == ["de_DE"]
        assert wanted({"LANG": "fr"}, platform, ask) == ["fr"]
        assert wanted({"LANGUAGE": "es:ja"}, platform, ask) == ["es", "ja"]
    # Here are neither of their programs, which must be no error.
    assert translation._ask_windows() == [] or sys.platform == "win32"
    assert translation._ask_macos() == [] or sys.platform == "darwin"


def case_chosen_at_the_first_text(_folder):
    """Without being told, the languages of the environment are used."""
    translation._chosen = None
    before = dict(os.environ)
    os.environ.update({str("LC_ALL"): str("en_US.UTF-8"), str("LANGUAGE"): str("")})
    try:
        assert _("Steps") == "Steps"
        assert translation._chosen == []
    finally:
        os.environ.clear()
        os.environ.update(before)
        translation._chosen = None

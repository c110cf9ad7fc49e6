"""The filter's texts in the painter's language: found in both Pythons, complete in each."""

from __future__ import annotations

import json
from pathlib import Path

import plugin_modules
import pytest
import translations
from documents import section, text
from translations import Text, collect, faults, unmarked, update


def test_languages_are_complete() -> None:
    """No marked text is missing in a language, none is left over, all fields are there.

    `python tests/support/translations.py` adds what is new, to be translated.
    """
    texts = collect()
    wrong = {name: faults(path, texts) for name, path in translations.languages().items()}
    assert not {name: found for name, found in wrong.items() if found}


def test_all_that_a_painter_reads_is_marked() -> None:
    """No sentence or label in the code is left out, but for a few with a reason, still there."""
    found = unmarked()
    left = {text: place for text, place in found.items() if text not in translations.UNREAD}
    assert not left, f"mark them, or tell in {translations.__file__} why not"
    assert set(translations.UNREAD) <= set(found)
    files = {
        p.relative_to(translations.PLUGIN).as_posix() for p in translations.PLUGIN.rglob("*.py")
    }
    assert set(translations.UNREAD_FILES) <= files


@pytest.mark.parametrize("kind", ["dream", "style"])
def test_every_setting_is_marked(kind: str) -> None:
    """Titles and helps of parameters, names of choices and all of presets are marked."""
    marked = {text.one for text in collect()}
    module = plugin_modules.module("editor.settings")
    settings = module.Settings(str(translations.PLUGIN), kind)
    for parameter in settings.parameters.values():
        choices = module.choices_of(parameter) if parameter.choices else []
        shown = {parameter.title, parameter.help, *(title for _, title in choices)}
        assert shown <= marked, parameter.name
    for group, names in settings.groups():
        assert group in marked
        for name in names:
            preset = settings.presets[name]
            assert {preset["title"], preset["description"]} <= {*marked, ""}, name


def test_a_longer_help_is_still_that_of_the_description() -> None:
    """What an editor adds to a parameter's help follows what the core says."""
    described = json.loads((translations.PLUGIN / "description.json").read_text(encoding="utf-8"))
    helps = {parameter["name"]: parameter["help"] for parameter in described["parameters"]}
    for name, text_ in plugin_modules.module("editor.titles").HELPS.items():
        assert text_.startswith(f"{helps[name]}; ")


CODE = """
from editor.translation import N_, _, ngettext
from editor import translation

TITLES = {"steps": N_("Steps")}

def show(name, count):
    print(_("The layer {name} is locked."), _(TITLES["steps"]))
    print(translation.ngettext("{count} layer", "{count} layers", count))
    return _("Steps")
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plug-in with marked texts in its code and its description."""
    (tmp_path / "gimp3").mkdir()
    (tmp_path / "gimp3" / "filter.py").write_text(CODE)
    (tmp_path / "description.json").write_text(
        '{"presets": {"fur": {"title": "Fur", "source": "no"}},'
        ' "parameters": [{"name": "seed", "help": "seed of the noise"}]}'
    )
    return tmp_path


def test_marked_texts_are_found(plugin: Path) -> None:
    """In the code by its functions, in the description by its keys; each once."""
    assert collect(plugin) == [
        Text("Steps", "", ["gimp3/filter.py:5", "gimp3/filter.py:10"]),
        Text("The layer {name} is locked.", "", ["gimp3/filter.py:8"]),
        Text("{count} layer", "{count} layers", ["gimp3/filter.py:9"]),
        Text("Fur", "", ["description.json:presets.fur.title"]),
        Text("seed of the noise", "", ["description.json:parameters.seed.help"]),
    ]


def test_texts_of_styles_are_found(plugin: Path) -> None:
    """What is described of styles is marked as what is of dreams."""
    (plugin / "description.json").write_text(
        '{"style": {"presets": {"oil": {"title": "Oil"}},'
        ' "parameters": [{"name": "rounds", "help": "how often"}]}}'
    )
    assert collect(plugin)[-2:] == [
        Text("Oil", "", ["description.json:style.presets.oil.title"]),
        Text("how often", "", ["description.json:style.parameters.rounds.help"]),
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('x = "no layer"', "no layer"),
        ('show("_Preset")', "_Preset"),
        ('show("S_trength…")', "S_trength…"),
        ('show(b"Input image")', "Input image"),
        ('x += " (0 for auto)"', " (0 for auto)"),
        ('x = f"failed: now {name}"', "failed: now "),
        ('x = "{} is locked".format(name)', "{} is locked"),
        ('x = {"steps": "Steps"}', "Steps"),
        ('x = _("Marked") + " and more"', " and more"),
        ('x = ngettext("one layer", "{n} layers", "of three")', "of three"),
    ],
)
def test_unmarked_texts_are_found(plugin: Path, line: str, found: str) -> None:
    """Sentences and labels are, however they are put together."""
    (plugin / "gimp3" / "more.py").write_text(f"\n{line}\n")
    assert unmarked(plugin) == {found: "gimp3/more.py:2"}


@pytest.mark.parametrize(
    "line",
    [
        '"""What it does."""',
        'x = "new-layer"',
        'x = "{} ▸ {}"',
        'x = N_("Steps of it")',
        'x = re.compile("a b+")',
        'x = collections.namedtuple("Area", "x y")',
        'x = "WorkerError"',
    ],
)
def test_what_no_painter_reads_may_be_unmarked(plugin: Path, line: str) -> None:
    """Docstrings, names, patterns and what has no words are no texts."""
    (plugin / "gimp3" / "more.py").write_text(f"{line}\n")
    assert unmarked(plugin) == {}


@pytest.mark.parametrize(
    "line", ['_(f"no {name}")', '_("no " + name)', "N_(name)", 'ngettext("a", "b" + c, 1)', "N_()"]
)
def test_parts_of_sentences_are_refused(plugin: Path, line: str) -> None:
    """What cannot be translated as a whole is an error where it stands."""
    (plugin / "gimp3" / "more.py").write_text(f"x = {line}\n")
    with pytest.raises(ValueError, match=r"gimp3/more\.py:1: only whole, plain texts"):
        collect(plugin)


def test_a_language_is_begun_and_kept(plugin: Path) -> None:
    """Translations stay as texts come and go; what is not done is told."""
    path = plugin / "locale" / "de" / "dreamlayer.po"
    texts = collect(plugin)
    update(path, texts)
    assert faults(path, texts) == [f"{text.one!r} is not translated" for text in texts]
    done = path.read_text(encoding="utf-8")
    for english, german in (
        ('"Steps"\nmsgstr ""', '"Steps"\nmsgstr "Schritte"'),
        ('locked."\nmsgstr ""', 'locked."\nmsgstr "Die Ebene ist gesperrt."'),
        ('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "eine Ebene"\nmsgstr[1] "{count} Ebenen"'),
        ('"Fur"\nmsgstr ""', '"Fur"\nmsgstr "Fell\\n\\"Pelz\\""'),
        ('noise"\nmsgstr ""', 'noise"\nmsgstr "\\\\ Startwert"'),
    ):
        assert english in done
        done = done.replace(english, german.replace("\n\\", "\\n\\"))
    path.write_text(done, encoding="utf-8")
    assert faults(path, texts) == [
        "'Die Ebene ist gesperrt.' has other fields than 'The layer {name} is locked.'",
        "'eine Ebene' has other fields than '{count} layer'",
    ]
    update(path, [*texts[1:], Text("a\nb\tc")])
    assert faults(path, texts) == [
        "'Steps' is not translated",
        "'Die Ebene ist gesperrt.' has other fields than 'The layer {name} is locked.'",
        "'eine Ebene' has other fields than '{count} layer'",
    ]
    again = path.read_text(encoding="utf-8")
    update(path, [*texts[1:], Text("a\nb\tc")])
    assert path.read_text(encoding="utf-8") == again
    catalog = translations.translation().read(str(path))
    assert catalog.texts["Fur"] == 'Fell\n"Pelz"'
    assert catalog.texts["seed of the noise"] == "\\ Startwert"


def test_what_is_not_marked_is_told(plugin: Path) -> None:
    """A text that the code has no more is dropped by the command, and told before."""
    path = plugin / "locale" / "de" / "dreamlayer.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Gone"\nmsgstr "Fort"\n', encoding="utf-8")
    assert faults(path, []) == ["'Gone' is not marked"]
    update(path, [])
    assert faults(path, []) == []


def test_the_command(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It begins the languages that are named, then keeps all that there are, as people are told."""
    command = "python tests/support/translations.py it"
    assert command in section(text("CONTRIBUTING.md"), "Add a language")
    translations.main(command.split()[2:], plugin)
    translations.main([], plugin)
    path = plugin / "locale" / "it" / "dreamlayer.po"
    assert capsys.readouterr().out == f"{path}: 5 of 5 texts are to be done\n" * 2
    assert list(translations.languages(plugin)) == ["it"]

# -*- coding: utf-8 -*-
"""Texts in the painter's language, from `locale/LANGUAGE/dreamlayer.po`, else in English.

For Python 2.7 and 3. The .po files are read as they are, so that nothing has to be built. Texts are
marked in the code, whole sentences with named fields, never parts of one:

    from .translation import _, N_, ngettext

    _("The layer {name} is locked.").format(name=name)
    TITLES = {"steps": N_("Steps")}  # translated where it is shown: _(TITLES["steps"])
    ngettext("{count} layer", "{count} layers", count).format(count=count)
"""

from __future__ import unicode_literals

import gettext
import io
import os
import re
import sys

DOMAIN = str("dreamlayer")
_PLUGIN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(_PLUGIN, str("locale"))

_LOCALE = re.compile("([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)(?:[.][A-Za-z0-9_-]+)?(@[a-z]+)?$")
_LINE = re.compile('(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\\[(\\d+)\\])?[ \\t]+)?"(.*)"$')
_ESCAPE = re.compile("\\\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_PLURAL = re.compile("^Plural-Forms:.*plural=([^;\n]+)", re.MULTILINE)

_NONE = ("", "C", "POSIX")
"""Locales without a language."""

_chosen = None


def _(message):
    """A text in the painter's language."""
    for catalog in _catalogs():
        if message in catalog.texts:
            return catalog.texts[message]
    return message


def N_(message):  # noqa: N802  (gettext's own name)
    """Mark a text that is translated later, where it is shown."""
    return message


def ngettext(one, many, number):
    """The text for a number of things, by the rules of the painter's language."""
    for catalog in _catalogs():
        forms = catalog.plurals.get(one)
        if forms:
            return forms[min(catalog.form(number), len(forms) - 1)]
    return one if number == 1 else many


def choose(languages=None, folder=FOLDER):
    """Use the first of some languages that there is, then the others, then English.

    Parameters
    ----------
    languages : list of text, optional
        Such as ``de_AT``; those that the painter uses GIMP in by default.
    folder : text
        Where the languages' folders are.
    """
    global _chosen
    _chosen = []
    for name in wanted() if languages is None else languages:
        candidates = folders(name)
        if "en" in candidates or name in _NONE:
            break
        for candidate in candidates:
            path = os.path.join(folder, candidate, DOMAIN + str(".po"))
            if os.path.isfile(path):
                try:
                    _chosen.append(read(path))
                except (EnvironmentError, ValueError):
                    # A language that cannot be read is no reason to keep the filter from working.
                    continue


def wanted(environment=None, platform=sys.platform, asked=None):
    """The languages that the painter wants, the best first, by the rules that GIMP follows.

    Parameters
    ----------
    environment : mapping, optional
        The environment variables. GIMP sets LANGUAGE to the language of its preferences.
    platform : text
        The system, as `sys.platform`.
    asked : callable, optional
        Asks Windows or macOS for the languages of its user.
    """
    environment = os.environ if environment is None else environment
    given = [_ascii(environment.get(name, "")) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    locale = next((one for one in given if one), "")
    listed = [name for name in _ascii(environment.get("LANGUAGE", "")).split(":") if name]
    if platform in ("win32", "darwin"):
        asked = asked or (_ask_windows if platform == "win32" else _ask_macos)
        return listed or ([locale] if locale else asked())
    if locale in _NONE:
        # So does gettext: without a locale there is no other language.
        return []
    return listed or [locale]


def folders(name):
    """The folders in which the texts of a locale may be, the closest first.

    Chinese is told apart by its script: of `zh`, `zh_CN`, `zh_SG` and `zh-Hans-CN` it is zh_CN.
    """
    match = _LOCALE.match(name)
    if match is None:
        return []
    language = match.group(1).lower()
    parts = [part for part in re.split("[-_]", match.group(2)) if part]
    regions = [part.upper() for part in parts if len(part) == 2]
    if language == "zh":
        traditional = "Hant" in parts or bool({"TW", "HK", "MO"} & set(regions))
        return [str("zh_TW") if traditional and "Hans" not in parts else str("zh_CN")]
    wanted_names = [language + match.group(3)] if match.group(3) else []
    wanted_names += [language + "_" + regions[0]] if regions else []
    return [str(one) for one in wanted_names + [language]]


class Catalog(object):
    """The texts of one language.

    Attributes
    ----------
    texts : dict
        Each text by its English.
    plurals : dict
        The forms of texts that depend on a number, by the English for one.
    form : callable
        Which form a number takes.
    header : text
        What the file says of itself.
    """

    def __init__(self):
        self.texts, self.plurals, self.header = {}, {}, ""
        self.form = lambda number: int(number != 1)


def read(path):
    """Read a .po file; `ValueError` where it is none. What is marked as fuzzy is left out."""
    catalog = Catalog()
    for entry in _entries(path):
        english, one = entry.get("msgid"), entry.get("msgstr", "")
        if english == "":
            catalog.header = one
        elif "msgid_plural" in entry:
            forms = [entry[key] for key in sorted(entry) if key.startswith("msgstr[")]
            if all(forms):
                catalog.plurals[english] = forms
        elif english is not None and one:
            catalog.texts[english] = one
    rule = _PLURAL.search(catalog.header)
    if rule:
        catalog.form = gettext.c2py(str(rule.group(1).strip()))
    return catalog


def _entries(path):
    """Each entry of a .po file that is neither fuzzy nor obsolete, its texts by their keywords."""
    entry, key, fuzzy = {}, None, False
    with io.open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            begins = line.startswith("#") or (
                line.startswith(("msgid ", "msgctxt ")) and "msgid" in entry
            )
            if begins and entry:
                if not fuzzy:
                    yield entry
                entry, fuzzy = {}, False
            if line.startswith("#"):
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            if not line:
                continue
            match = _LINE.match(line)
            if match is None or not (match.group(1) or key):
                raise ValueError("line %d of %r cannot be read" % (number, path))
            if match.group(1):
                key = match.group(1) + ("[%s]" % match.group(2) if match.group(2) else "")
                entry[key] = ""
            entry[key] += _ESCAPE.sub(_unescaped, match.group(3))
    if entry and not fuzzy:
        yield entry


def _unescaped(match):
    return _ESCAPED.get(match.group(1), match.group(1))


def _ascii(value):
    """A variable of the environment as text; names of languages are ASCII."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def _catalogs():
    if _chosen is None:
        choose()
    return _chosen


def _ask_windows():
    """The language of Windows' own windows."""
    import ctypes
    import locale

    try:
        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
    except (AttributeError, EnvironmentError):
        return []
    return [locale.windows_locale[number]] if number in locale.windows_locale else []


def _ask_macos():
    """The languages of the user's settings, the best first."""
    import subprocess

    try:
        command = ["/usr/bin/defaults", "read", "-g", "AppleLanguages"]
        listed = subprocess.check_output(command).decode("utf-8", "replace")
    except (EnvironmentError, subprocess.CalledProcessError):
        return []
    return re.findall("[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*", listed)

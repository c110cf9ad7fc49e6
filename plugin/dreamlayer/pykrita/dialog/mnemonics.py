"""Labels with mnemonics as Qt has them: texts of all editors carry those of GTK."""


def label(text):
    """A label for Qt: the letter after `_` is the mnemonic, and `&` is an `&`.

    Two `_` are one that is shown, as in GTK.
    """
    parts = [part.replace("&", "&&").replace("_", "&") for part in text.split("__")]
    return "_".join(parts)

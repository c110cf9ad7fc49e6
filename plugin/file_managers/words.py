"""What the menus say, in the languages that the editors' filters speak, and of which files."""

from __future__ import annotations

TITLE = "Deep Dream"
"""The menu entry, in every language."""

COMMENT = "Dream on the pictures; the results are put beside them"

COMMENTS = {
    "de": "Auf den Bildern träumen; die Ergebnisse kommen daneben",
    "es": "Soñar sobre las imágenes; los resultados se guardan junto a ellas",
    "fr": "Rêver sur les images ; les résultats sont placés à côté",
    "ja": "画像に夢を描きます。結果は元の画像と同じ場所に保存されます",
    "zh_CN": "在图片上生成梦境；结果保存在原图旁边",
}
"""The comment by language."""

MIME_TYPES = (
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/bmp",
    "image/jxl",
)
"""The pictures that are read. GIFs are not among them: no GIF is written, so that they are dreamed
on only where the command line names the result."""


def desktop_string(text: str) -> str:
    """A text as the value of a key in a desktop file, in which a backslash escapes."""
    return text.replace("\\", "\\\\")


def desktop_program(path: str) -> str:
    """A program's path as the first word of `Exec` in a desktop file.

    Examples
    --------
    >>> desktop_program("/home/ann/100%/run")
    '"/home/ann/100%%/run"'
    """
    quoted = "".join(f"\\{one}" if one in '"`$\\' else one for one in path)
    return desktop_string(f'"{quoted}"'.replace("%", "%%"))


def desktop_comments() -> str:
    """The lines of a desktop file with the comment in each language."""
    named = [f"Comment[{language}]={text}" for language, text in COMMENTS.items()]
    return "\n".join([f"Comment={COMMENT}", *named])

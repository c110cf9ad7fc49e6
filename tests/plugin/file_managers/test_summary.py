"""What came of the pictures is told in a few sentences."""

from __future__ import annotations

import pytest

from dreamlayer.plugin.file_managers.dreams import Outcome
from dreamlayer.plugin.file_managers.summary import nothing_selected, summary

A, B, C, D = (f"/home/ann/{name}-dream.jpg" for name in "abcd")


@pytest.mark.parametrize(
    ("outcome", "others", "wanted", "text"),
    [
        (Outcome([A]), [], 1, "Finished: a-dream.jpg, in /home/ann."),
        (
            Outcome([A, B, C, D]),
            [],
            4,
            "4 pictures are finished: a-dream.jpg, b-dream.jpg, c-dream.jpg and 1 more, in "
            "/home/ann.",
        ),
        (
            Outcome([A, "/b/b-dream.png"]),
            ["/home/ann/notes.txt"],
            2,
            "2 pictures are finished: a-dream.jpg, b-dream.png, beside the originals. Left out, "
            "since no picture can be made of it: notes.txt.",
        ),
        (
            Outcome([A], [("/home/ann/b.jpg", "it is damaged")]),
            [],
            2,
            "Finished: a-dream.jpg, in /home/ann. 1 picture failed: b.jpg (it is damaged).",
        ),
        (
            Outcome([A], skipped=[("/home/ann/x-dream.jpg", "it is the result of 'x.jpg'")]),
            [],
            2,
            "Finished: a-dream.jpg, in /home/ann. 1 skipped: x-dream.jpg (it is the result of "
            "'x.jpg').",
        ),
        (Outcome(error="no preset 'x'"), [], 1, "Nothing was dreamed: no preset 'x'."),
        (
            Outcome([A], [("/home/ann/b.jpg", "the disk is full")], error="the disk is full"),
            [],
            3,
            "Finished: a-dream.jpg, in /home/ann. The others were not dreamed: the disk is full.",
        ),
        (Outcome([A], cancelled=True), [], 3, "Cancelled; 1 of 3 pictures is finished."),
    ],
)
def test_the_sentences(outcome: Outcome, others: list[str], wanted: int, text: str) -> None:
    """How many, where, and what failed and why."""
    assert summary(outcome, others, wanted) == text


def test_nothing_to_dream_on() -> None:
    """It is told what was selected, and what can be."""
    assert nothing_selected(["/a/notes.txt", "/a/b.gif"]).startswith(
        "No picture was selected, only notes.txt, b.gif; select pictures (PNG, JPEG, TIFF, WebP"
    )
    assert nothing_selected([]).startswith("No file on a disk of this computer was selected")

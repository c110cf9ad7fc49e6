"""What is not read is said in one sentence: what came, what is allowed, what to do."""

from __future__ import annotations

from dreamlayer.core.images.decoders.refusals import damaged, many_pages, unsupported


def test_sentences() -> None:
    """Each names the picture, what it is, and what to do."""
    assert str(unsupported("a", "a JPEG-LS", "JPEG", "export it")) == (
        "a is a JPEG-LS, but only JPEG can be read; export it"
    )
    assert str(damaged("a", "an AVIF")) == (
        "a is an AVIF that is damaged or truncated; use an intact copy"
    )
    assert "truncated (cut off); use" in str(damaged("a", "a BMP", "cut off"))
    assert "a is an animation, but only single pictures" in str(many_pages("a", "an animation"))

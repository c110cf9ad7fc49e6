"""What a painter tries: odd sizes, masks, names, formats, one file in two roles."""

from __future__ import annotations

import re

import numpy as np
from desk import HANDLED, IDLE, MADE, QUICK, REFUSED, RGB, Desk, case
from image_samples import noise, png
from outcomes import faults
from PIL import Image

from dreamlayer import read

OUT = ("-o", "out.png")


@case(MADE)
def a_single_pixel(desk: Desk) -> str:
    """A picture of one pixel is enlarged for the dream and comes back as one."""
    desk.put("a.png", png(RGB[:1, :1]))
    outcome = desk.made(desk.run("dream", "a.png", *QUICK, *OUT))
    assert desk.pixels().shape == (1, 1, 3)
    return outcome


@case(MADE)
def a_strip_of_one_row(desk: Desk) -> str:
    """A picture of 3000 × 1 pixels."""
    desk.put("a.png", png(noise(1, 3000, 3)))
    return desk.made(desk.run("dream", "a.png", *QUICK, *OUT))


@case(MADE)
def wholly_transparent(desk: Desk) -> str:
    """Nothing is visible, so nothing changes, not even what is hidden."""
    hidden = noise(14, 20, 4)
    hidden[..., 3] = 0
    desk.put("a.png", png(hidden))
    outcome = desk.made(desk.run("dream", "a.png", *QUICK, *OUT))
    with Image.open(desk.folder / "out.png") as image:
        assert np.array_equal(np.asarray(image), hidden)
    return outcome


@case(REFUSED)
def transparency_into_jpeg(desk: Desk) -> str:
    """JPEG holds no transparency, which is said before the dream."""
    desk.put("a.png", png(noise(14, 20, 4)))
    return desk.refused(desk.run("dream", "a.png", *QUICK, "-o", "out.jpg"), "alpha|transparen")


@case(MADE)
def a_picture_over_itself(desk: Desk) -> str:
    """The name that was typed may be the picture's own."""
    before = desk.put("a.png").read_bytes()
    outcome = desk.made(desk.run("dream", "a.png", *QUICK, "-o", "a.png"), "a.png")
    assert (desk.folder / "a.png").read_bytes() != before
    return outcome


@case(REFUSED)
def the_result_over_the_mask(desk: Desk) -> str:
    """The mask is not overwritten."""
    mask = desk.put("mask.png", Image.new("L", (20, 14), 255))
    before = mask.read_bytes()
    ran = desk.run("dream", "other.png", "--mask", "mask.png", *QUICK, "-o", "mask.png")
    outcome = desk.refused(ran, "mask")
    assert mask.read_bytes() == before
    return outcome


@case(REFUSED)
def the_result_over_the_network(desk: Desk) -> str:
    """A network is no name for a picture."""
    before = (desk.folder / "small.onnx").read_bytes()
    outcome = desk.refused(desk.run("dream", "other.png", *QUICK, "-o", "small.onnx"), "onnx")
    assert (desk.folder / "small.onnx").read_bytes() == before
    return outcome


@case(REFUSED)
def a_mask_of_another_size(desk: Desk) -> str:
    """The sentence names both sizes."""
    desk.put("mask.png", Image.new("L", (21, 14), 255))
    ran = desk.run("dream", "other.png", "--mask", "mask.png", *QUICK, *OUT)
    return desk.refused(ran, r"21.*20|20.*21")


@case(MADE)
def a_black_mask(desk: Desk) -> str:
    """Black keeps every pixel."""
    desk.put("mask.png", Image.new("1", (20, 14), 0))
    outcome = desk.made(desk.run("dream", "other.png", "--mask", "mask.png", *QUICK, *OUT))
    assert np.array_equal(desk.pixels(), desk.pixels("other.png"))
    return outcome


@case(f"{MADE}|{REFUSED}")
def a_colored_mask(desk: Desk) -> str:
    """Taken by its brightness, or refused, never a traceback."""
    desk.put("mask.png", png(RGB))
    return desk.either(desk.run("dream", "other.png", "--mask", "mask.png", *QUICK, *OUT))


@case(MADE)
def capitals_in_the_ending(desk: Desk) -> str:
    """A camera's IMG_1.JPG gives IMG_1-dream.JPG, a JPEG."""
    desk.put("IMG_1.JPG", png(RGB)).unlink()
    desk.put("IMG_1.jpg", Image.fromarray(RGB)).rename(desk.folder / "IMG_1.JPG")
    return desk.made(desk.run("dream", "IMG_1.JPG", *QUICK), "IMG_1-dream.JPG")


@case(MADE)
def a_wrong_ending(desk: Desk) -> str:
    """A PNG called .jpg is read as what it is."""
    desk.put("a.jpg", png(RGB))
    return desk.made(desk.run("dream", "a.jpg", *QUICK, *OUT))


@case(REFUSED)
def an_unknown_ending(desk: Desk) -> str:
    """The sentence lists what can be written."""
    return desk.refused(desk.run("dream", "other.png", *QUICK, "-o", "out.xyz"), r"\.png.*\.jpg")


@case(REFUSED)
def no_ending(desk: Desk) -> str:
    """A name without an ending, which is no folder either."""
    return desk.refused(desk.run("dream", "other.png", *QUICK, "-o", "out"), "extension|ending")


@case(MADE)
def every_ending_that_is_written(desk: Desk) -> str:
    """All spellings of the four formats."""
    names = ("o.jpe", "o.jpeg", "o.jfif", "o.tiff", "o.TIF", "o.webp", "o.Png")
    return [desk.made(desk.run("dream", "other.png", *IDLE, "-o", n), n) for n in names][-1]


@case(MADE)
def dreamt_twice(desk: Desk) -> str:
    """The second recipe takes the place of the first."""
    desk.made(desk.run("dream", "other.png", *QUICK, "-o", "one.jpg"), "one.jpg")
    outcome = desk.made(desk.run("dream", "one.jpg", *QUICK, "--seed", "7", "-o", "o.png"), "o.png")
    text = (desk.folder / "o.png").read_bytes()
    assert len(re.findall(rb"</[\w.-]+:recipe>", text)) == 1
    assert '"seed": 7' in (read(desk.folder / "o.png").recipe or "")
    return outcome


@case(MADE)
def the_recipe_of_a_picture_again(desk: Desk) -> str:
    """The recipe in a picture makes the same bytes once more."""
    desk.made(desk.run("dream", "other.png", *QUICK, "-o", "one.png"), "one.png")
    words = ("--recipe", "one.png", "--network", "small.onnx", "--quiet", *OUT)
    outcome = desk.made(desk.run("dream", "other.png", *words))
    assert np.array_equal(desk.pixels(), desk.pixels("one.png"))
    return outcome


@case(MADE)
def no_steps_at_all(desk: Desk) -> str:
    """Nothing changes, bit by bit."""
    outcome = desk.made(desk.run("dream", "other.png", *IDLE, *OUT))
    assert np.array_equal(desk.pixels(), desk.pixels("other.png"))
    return outcome


@case(MADE)
def sixteen_bits_stay(desk: Desk) -> str:
    """A picture of 16 bits gives one of 16 bits, and 8 bits where the format has no more."""
    deep = noise(14, 20, 3, np.uint16)
    desk.put("a.png", png(deep))
    desk.made(desk.run("dream", "a.png", *IDLE, *OUT))
    assert (desk.folder / "out.png").read_bytes()[24] == 16
    return desk.made(desk.run("dream", "a.png", *IDLE, "-o", "out.jpg"), "out.jpg")


@case(REFUSED)
def values_that_make_no_sense(desk: Desk) -> str:
    """Each wrong value is one sentence, with what is allowed."""
    wrong = {
        "--steps": ("-1", "1.5", "many", "9" * 30, ""),
        "--octaves": ("-1", "99999999999", "two"),
        "--strength": ("nan", "inf", "-1e400", "x"),
        "--seed": ("-1", str(2**63), "0x"),
        "--tile": ("-5", "7e9", "1.5"),
        "--threads": ("-1", "100000"),
        "--jitter": ("x", "9..-9", "99999999"),
        "--max-megapixels": ("0", "-1", "nan", "x"),
        "--canvas": ("0", "-3"),
        "--step-size": ("nan", "x"),
        "--provider": ("", "gpu", "CUDA\n"),
        "--layer": ("", ":", "deep:x", "deep:1:99", "deep:1:5-2", "nosuch", "deep:1::nokind"),
        "--preset": ("", "nosuch", "../default"),
        "--network": ("", "nosuch", ".", "/", "other.png"),
    }
    taken = []
    for option, values in wrong.items():
        for value in values:
            ran = desk.run("dream", "other.png", *QUICK, f"{option}={value}", *OUT)
            if ran.code == 2 and faults(ran) == []:
                continue
            taken.append((option, value, ran.code, ran.errors[-200:]))
    assert not taken, taken
    return REFUSED


@case(HANDLED)
def the_same_picture_twice(desk: Desk) -> str:
    """Named twice, also by another spelling, it is made once, or said."""
    desk.put("a.png")
    ran = desk.run("dream", "a.png", "./a.png", *QUICK)
    assert ran.code in (0, 2)
    assert b"Traceback" not in ran.errors
    if ran.code == 0:
        desk.made(ran, "a-dream.png")
    return HANDLED


@case(HANDLED)
def two_pictures_of_one_name(desk: Desk) -> str:
    """one/x.png and two/x.png into one folder: neither result is lost without a word."""
    desk.put("one/x.png")
    desk.put("two/x.png", png(RGB[::-1]))
    (desk.folder / "out").mkdir()
    ran = desk.run("dream", "one/x.png", "two/x.png", *QUICK, "-o", "out")
    made = sorted(path.name for path in (desk.folder / "out").iterdir())
    assert b"Traceback" not in ran.errors
    assert len(made) == 2 if ran.code == 0 else ran.errors.strip()
    return HANDLED

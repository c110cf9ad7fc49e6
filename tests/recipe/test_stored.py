"""Pictures hold files by name and digest, and find them again; they can name no other file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dreamlayer import Picture, read, write
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.given import name_of
from dreamlayer.core.recipe.presets import parse, preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import located, stored, without_paths
from dreamlayer.core.recipe.style import StyleRecipe

HOSTILE = [
    "/etc/passwd",
    "../secret.png",
    "sub/../../secret.png",
    r"..\secret.png",
    r"\\server\share\secret.png",
    "//server/share/secret.png",
    r"C:\secret.png",
    "C:secret.png",
    "file:///secret.png",
    "https://example.org/secret.png",
    "~/secret.png",
    "-",
    "..",
    "/",
    "g.png\0",
]


@pytest.fixture
def guided(tmp_path: Path) -> Recipe:
    """A recipe with a guide that exists."""
    (tmp_path / "private").mkdir()
    guide = tmp_path / "private" / "guide.png"
    guide.write_bytes(b"guide")
    return preset("like-guided").replace(guide=str(guide))


def test_no_path_is_stored(guided: Recipe, tmp_path: Path) -> None:
    """Only the name of the guide, and the digest of its content."""
    plain = json.loads(stored(guided))
    assert str(tmp_path) not in stored(guided)
    assert plain["guide"] == "guide.png"
    assert len(plain["files"]["guide"]) == 64


@pytest.mark.parametrize(
    "name", ["/home/me/net.onnx", r"C:\Users\me\net.onnx", "nets/net.onnx", "./net.onnx"]
)
def test_paths_of_every_system_are_cut(name: str) -> None:
    """Also where the file is gone meanwhile."""
    assert json.loads(stored(Recipe(network=name)))["network"] == "net.onnx"
    assert "files" not in json.loads(stored(Recipe(network=name)))
    assert json.loads(stored(StyleRecipe(styles=(name, "a.png"))))["styles"] == [
        "net.onnx",
        "a.png",
    ]


def test_names_stay() -> None:
    """The name of a network is no path."""
    assert json.loads(stored(Recipe(network="vgg16"))) == Recipe(network="vgg16").to_dict()


def test_this_machine_remembers_its_files(guided: Recipe) -> None:
    """So that a picture replays where it was made, as long as the file is the same."""
    assert parse(stored(guided)) == guided
    text = stored(guided)
    Path(guided.guide).write_bytes(b"other")
    assert parse(text) == guided.replace(guide="guide.png")


def test_other_machines_get_the_name(guided: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digests are no parameter."""
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    assert parse(stored(guided)) == guided.replace(guide="guide.png")


def test_written_again_it_stays_the_same(
    guided: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a machine without the guide, which keeps the digest."""
    text = stored(guided)
    Path(guided.guide).unlink()
    picture = Picture(np.zeros((2, 3, 3), np.float32), recipe=text)
    write(picture, tmp_path / "a.png")
    assert read(tmp_path / "a.png").recipe == text
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    write(read(tmp_path / "a.png"), tmp_path / "b.png")
    assert read(tmp_path / "b.png").recipe == text


def test_a_picture_is_written_without_paths(guided: Recipe, tmp_path: Path) -> None:
    """Whatever its recipe says in memory; text that is no recipe is the caller's own."""
    for text in (guided.to_json(), guided.to_toml()):
        write(Picture(np.zeros((2, 3, 3), np.float32), recipe=text), tmp_path / "a.png")
        assert str(tmp_path) not in str(read(tmp_path / "a.png").recipe)
    write(Picture(np.zeros((2, 3, 3), np.float32)), tmp_path / "a.png", recipe="my own words")
    assert read(tmp_path / "a.png").recipe == "my own words"


def test_the_guide_is_found_beside_the_picture(guided: Recipe, tmp_path: Path) -> None:
    """Wherever both went."""
    text = stored(guided)
    there = tmp_path / "there"
    (tmp_path / "private").rename(there)
    assert parse(text).guide == "guide.png"
    found = located(parse(text), json.loads(text), str(there / "dream.png"))
    assert Path(found.guide) == there / "guide.png"


def test_another_file_of_that_name_is_not_taken(guided: Recipe, tmp_path: Path) -> None:
    """It would make another picture."""
    text = stored(guided)
    Path(guided.guide).write_bytes(b"other")
    with pytest.raises(RecipeError, match=r"guide 'guide\.png'.* give --guide FILE"):
        located(parse(text), json.loads(text), str(tmp_path / "private" / "dream.png"))


def test_what_was_typed_is_taken(guided: Recipe, tmp_path: Path) -> None:
    """Any file, as the user says."""
    text = stored(guided)
    typed = parse(text).replace(guide="/anywhere.png")
    assert located(typed, json.loads(text), str(tmp_path / "x.png"), typed=["guide"]) == typed


@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_cannot_name_other_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a path, nor a drive, a server or a stream, on any system."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    recipe = preset("like-guided").replace(guide=name)
    with pytest.raises(RecipeError, match="give --guide FILE"):
        located(recipe, recipe.to_dict(), "dream.png")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_may_have_what_separates_paths_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photos are called after the time of day; on another machine they are found too."""
    guide = tmp_path / "I 12:30:05.jpg"
    guide.write_bytes(b"guide")
    text = stored(preset("like-guided").replace(guide=str(guide)))
    assert json.loads(text)["guide"] == guide.name
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    assert without_paths(json.loads(text)) == json.loads(text)
    found = located(parse(text), json.loads(text), str(tmp_path / "d.png"))
    assert Path(found.guide) == guide


def test_a_file_that_is_called_like_a_network_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name stands for the network, whatever lies in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("default", "mine"):
        Path(name).write_bytes(b"notes")
        assert json.loads(stored(Recipe(network=name))) == Recipe(network=name).to_dict()


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """A picture of version 0.1 may name a file below its folder, but not behind a link."""
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "g.png").write_bytes(b"guide")
    (tmp_path / "g.png").write_bytes(b"secret")
    (folder / "out").symlink_to(tmp_path)
    recipe = preset("like-guided")
    for name, there in (("sub/g.png", True), (r"sub\g.png", True), ("out/g.png", False)):
        given = recipe.replace(guide=name)
        if there:
            found = located(given, given.to_dict(), str(folder / "dream.png"))
            assert Path(found.guide) == folder / "sub" / "g.png"
        else:
            with pytest.raises(RecipeError, match="no such file"):
                located(given, given.to_dict(), str(folder / "dream.png"))


def test_pictures_of_version_0_1_find_files_by_name(tmp_path: Path) -> None:
    """They hold whole paths and no digests."""
    (tmp_path / "g.png").write_bytes(b"guide")
    recipe = preset("like-guided").replace(guide="/home/somebody/pictures/g.png")
    found = located(recipe, recipe.to_dict(), str(tmp_path / "dream.png"))
    assert Path(found.guide) == tmp_path / "g.png"


def test_a_guide_that_is_not_used_is_not_looked_for() -> None:
    """Recipes may name one that their layers do not need."""
    recipe = Recipe(guide="/gone/g.png")
    assert located(recipe, recipe.to_dict(), "dream.png") == recipe


def test_networks_are_known_by_name(tmp_path: Path) -> None:
    """A name needs no file, a file lies beside the picture."""
    (tmp_path / "net.onnx").write_bytes(b"network")
    known = {"mine": Path("mine.onnx")}
    for name, found in (("mine", "mine"), ("default", "default"), ("net.onnx", None)):
        recipe = Recipe(network=name)
        there = located(recipe, recipe.to_dict(), str(tmp_path / "d.png"), networks=known)
        assert there.network == (found or str(tmp_path / "net.onnx"))


def test_a_network_is_found_among_those_with_a_name(tmp_path: Path) -> None:
    """By the file's name and digest, whatever folder it was used from."""
    place = tmp_path / "networks" / "net.onnx"
    place.parent.mkdir()
    place.write_bytes(b"network")
    text = stored(Recipe(network=str(place)))
    there = located(parse(text), json.loads(text), str(tmp_path / "d.png"), networks={"net": place})
    assert there.network == str(place)


def test_styles_are_found_in_their_order(tmp_path: Path) -> None:
    """Two pictures of one name are told apart by their digests."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "s.png").write_bytes(name.encode())
    recipe = StyleRecipe(styles=(str(tmp_path / "a/s.png"), str(tmp_path / "b/s.png")))
    text = stored(recipe)
    beside = StyleRecipe(styles=("s.png", "s.png"))
    with pytest.raises(RecipeError, match=r"style picture 's\.png'"):
        located(beside, json.loads(text), str(tmp_path / "a" / "d.png"))


@pytest.mark.parametrize("files", [None, 3, [], {"guide": 3}, {"guide": [None]}, {"x": {}}])
def test_malformed_digests_are_none(files: object, tmp_path: Path) -> None:
    """Whatever a picture holds there, the recipe can be read."""
    (tmp_path / "g.png").write_bytes(b"guide")
    recipe = preset("like-guided").replace(guide="g.png")
    text = json.dumps({**recipe.to_dict(), "files": files})
    assert (
        Path(located(parse(text), json.loads(text), str(tmp_path / "d.png")).guide)
        == tmp_path / "g.png"
    )


def test_layer_of_an_editor_is_no_file(tmp_path: Path) -> None:
    """Its name is stored as it is; who replays the recipe is told to give another picture."""
    name = name_of("0123456789abcdef" * 4)
    recipe = preset("like-guided").replace(guide=name)
    table = json.loads(stored(recipe))
    assert table["guide"] == name
    assert parse(json.dumps(table)) == recipe
    with pytest.raises(RecipeError, match=r"a layer of an editor as the guide.*give --guide FILE"):
        located(recipe, table, str(tmp_path / "dreamt.png"))
    assert located(recipe, table, str(tmp_path / "dreamt.png"), typed=["guide"]) == recipe

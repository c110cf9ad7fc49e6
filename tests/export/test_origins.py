"""Where layers come from, as exporters write it into a file."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper

from dreamlayer.export.adopt.names import layer_names
from dreamlayer.export.adopt.origins import origin_of

NODES = [
    # torch's TorchScript exporter
    ("Conv", "/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
    ("Relu", "/layer1/layer1.0/relu_1/Relu", "layer1.0.relu_1"),
    ("Conv", "/features/features.0/features.0.0/Conv", "features.0.0"),
    ("Conv", "/layer2/layer2.0/downsample/downsample.0/Conv", "layer2.0.downsample.0"),
    ("Mul", "/blocks/blocks.0/mlp/act/Mul_1", "blocks.0.mlp.act"),
    ("Conv", "/stages.0/blocks/0/conv_dw/Conv", "stages.0.blocks.0.conv_dw"),
    # tf2onnx
    ("Relu", "functional_1/block4_conv3_1/Relu", "block4_conv3_1"),
    ("Conv", "StatefulPartitionedCall/vgg16/block1_conv1/Conv2D", "vgg16.block1_conv1"),
    ("Concat", "model/mixed3/concat", "mixed3"),
    ("Clip", "mobilenet_1.00_224/conv1_relu/Relu6", "mobilenet_1_00_224.conv1_relu"),
    ("Add", "model_3/bn_conv1/batchnorm/add_1", "bn_conv1"),
    ("Conv", "InceptionV1/InceptionV1/Conv2d_1a_7x7/Conv2D", "InceptionV1.Conv2d_1a_7x7"),
    # others
    ("Conv", "resnetv17_stage1_conv0_fwd", "resnetv17_stage1_conv0"),
    ("Conv", "conv1_1", "conv1_1"),
]


@pytest.mark.parametrize(("operator", "name", "path"), NODES)
def test_the_module_is_read_from_the_nodes_name(operator: str, name: str, path: str) -> None:
    """Wrappers, repeated scopes, and what is done in the module are no part of its path."""
    node = helper.make_node(operator, ["x"], [f"{name}:0"], name)
    assert origin_of(node, f"{name}:0", {}, ()).path == path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pkg.torch.onnx.name_scopes", "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']"),
        (
            "namespace",
            ": torchvision.models.resnet.ResNet/layer1: torch.nn.modules.container.Sequential/"
            "layer1.0.conv1: torch.nn.modules.conv.Conv2d/conv2d_1: aten.conv2d.default",
        ),
    ],
)
def test_torchs_newer_exporter_tells_modules_in_metadata(key: str, value: str) -> None:
    """Its nodes are called after numbered functions."""
    node = helper.make_node("Conv", ["x", "w"], ["conv2d_1"], "node_conv2d_1")
    entry = node.metadata_props.add()
    entry.key, entry.value = key, value
    assert origin_of(node, "conv2d_1", {}, ()).path == "layer1.0.conv1"


@pytest.mark.parametrize("value", ["[" * 5000, "nonsense(", "[1, 2]", "{}"])
def test_metadata_of_another_form_is_ignored(value: str) -> None:
    """Then the node's name tells what it can."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], "stem")
    entry = node.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.name_scopes", value
    assert origin_of(node, "y", {}, ()).path == "stem"


@pytest.mark.parametrize(
    ("weights", "path"),
    [
        (["features.0.weight", "features.0.bias"], "features.0"),
        (
            ["net/conv1_1/convolution/merged_input:0", "net/conv1_bn_1/batchnorm/sub:0"],
            "conv1_bn_1",
        ),
        (["onnx::Conv_193", "onnx::Conv_194"], ""),
    ],
)
def test_weights_tell_the_module_of_a_node_without_a_name(weights: list[str], path: str) -> None:
    """As old files have, or those whose batch normalizations tf2onnx folded."""
    node = helper.make_node("Conv", ["x", *weights], ["123"], "Conv__642")
    found = origin_of(node, "Conv__642:0", {}, weights).path
    assert found.rpartition("net.")[2] == path


def names_of(*nodes: tuple[str, str]) -> list[str]:
    """The names of layers that nodes of these operators and names become."""
    made = [helper.make_node(kind, ["x"], [f"t{i}"], name) for i, (kind, name) in enumerate(nodes)]
    weight = numpy_helper.from_array(np.zeros(1, np.float32), "w")
    graph = helper.make_graph(made, "names", [], [], [weight])
    return list(layer_names(graph, [node.output[0] for node in made], {}).values())


def test_a_modules_name_means_its_last_layer() -> None:
    """What comes before within it is told apart by what it does."""
    found = names_of(
        ("Conv", "/layer1/layer1.0/conv1/Conv"),
        ("Relu", "/layer1/layer1.0/relu/Relu"),
        ("Add", "/layer1/layer1.0/Add"),
        ("Relu", "/layer1/layer1.0/relu_1/Relu"),
        ("Conv", "/layer1/layer1.1/conv1/Conv"),
        ("Add", "/layer1/layer1.1/Add"),
    )
    assert found[:4] == ["layer1.0.conv1", "layer1.0.relu", "layer1.0.add", "layer1.0.relu_1"]
    assert found[4:] == ["layer1.1.conv1", "layer1.1"]


def test_keras_layers_keep_their_names() -> None:
    """Without the model's name, and the number that Keras 3 appends to all of them."""
    found = names_of(
        ("Conv", "vgg16_1/block1_conv1_1/convolution"),
        ("Relu", "vgg16_1/block1_conv1_1/Relu"),
        ("Conv", "vgg16_1/block1_conv2_1/convolution"),
        ("Relu", "vgg16_1/block1_conv2_1/Relu"),
        ("MaxPool", "vgg16_1/block1_pool_1/MaxPool2d"),
        ("Concat", "vgg16_1/mixed3_1/concat"),
    )
    assert found == [
        *("block1_conv1.conv", "block1_conv1", "block1_conv2.conv", "block1_conv2"),
        *("block1_pool", "mixed3"),
    ]


def test_names_do_not_depend_on_other_layers() -> None:
    """The module's path alone decides, where it is unique."""
    nodes = [("Conv", "/a/conv/Conv"), ("Relu", "/a/relu/Relu"), ("Conv", "/b/conv/Conv")]
    assert names_of(*nodes) == ["a.conv", "a.relu", "b.conv"]
    assert names_of(*reversed(nodes)) == ["b.conv", "a.relu", "a.conv"]


@pytest.mark.parametrize(
    "name",
    ["a:b,c+d", "spaced name", 'quote\'d "name"', "-dash", "$(rm)", "ä é 名前", "/" * 9, "a" * 900],
)
def test_names_survive_shells_and_terms(name: str) -> None:
    """No name needs quoting, is an option, or has what separates the parts of a term."""
    import shlex

    from dreamlayer.core.recipe.term import Term, parse_terms

    found = names_of(("Conv", name), ("Relu", name))
    assert len(set(found)) == 2
    for one in found:
        assert shlex.quote(one) == one
        assert not one.startswith("-")
        assert len(one) <= 80
        assert parse_terms(one) == (Term(one),)


def test_reserved_names_and_equal_ones_are_numbered() -> None:
    """Also those that differ in upper and lower case only, which some file systems mix up."""
    found = names_of(("Conv", "image"), ("Conv", "loss"), ("Conv", "Stem"), ("Conv", "stem"))
    assert found == ["image_1", "loss_1", "Stem", "stem_1"]


def test_a_sum_outside_of_all_modules_belongs_to_none() -> None:
    """Neither to that of the convolution whose result it takes."""
    conv = helper.make_node("Conv", ["x", "stem.weight"], ["c"], "/stem/Conv")
    node = helper.make_node("Add", ["c", "x"], ["/Add_output_0"], "/Add")
    assert origin_of(node, "/Add_output_0", {"c": conv}, ["stem.weight"]).path == ""

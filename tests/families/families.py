"""The networks that are tried: where each comes from, and how it is exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Family:
    """One network of a library, with random weights, and the way it becomes an ONNX file.

    Attributes
    ----------
    name : str
        What the table calls it.
    package : str
        `torchvision`, `timm`, `keras`, or `small` for a module of `small_networks.py`.
    model : str
        The library's name of the network.
    exporter : str
        `torchscript`, `dynamo` or `tf2onnx`.
    opset : int
        The version of the standard operators that is asked for.
    side : int
        Pixels of the image that it is exported with.
    dynamic : bool
        Whether batch, height and width are symbolic.
    options : dict
        What the library's constructor takes, to make the network small.
    """

    name: str
    package: str
    model: str
    exporter: str
    opset: int
    side: int
    dynamic: bool = True
    options: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def stem(self) -> str:
        """What its files are called."""
        exporter = {"torchscript": "ts", "tf2onnx": "tf"}.get(self.exporter, self.exporter)
        sizes = "dynamic" if self.dynamic else "fixed"
        library = "" if self.framework == "torch" else "keras_"
        return f"{library}{self.model}_{exporter}{self.opset}_{sizes}"

    @property
    def framework(self) -> str:
        """What makes the file and differentiates: `torch` or `keras`."""
        return "keras" if self.package == "keras" else "torch"


def _vision(name: str, exporter: str, opset: int, side: int = 64, **more: Any) -> Family:
    return Family(name, "torchvision", name, exporter, opset, side, **more)


def _timm(name: str, exporter: str, opset: int, side: int = 64, **more: Any) -> Family:
    return Family(name, "timm", name, exporter, opset, side, **more)


def _keras(name: str, opset: int, side: int = 64, size: str = "", **more: Any) -> Family:
    return Family(f"keras {name}{size}", "keras", name, "tf2onnx", opset, side, **more)


def _small(name: str, side: int = 64, *, free: bool = True, scripted: int, traced: int) -> Any:
    """A module of `small_networks.py` by both exporters, with symbolic and with fixed sizes."""
    for exporter, opset in (("torchscript", scripted), ("dynamo", traced)):
        for dynamic in (True, False) if free and exporter == "torchscript" else (free,):
            sizes = "" if dynamic else f" {side}"
            title = f"{name} {exporter}{sizes}"
            yield Family(title, "small", name, exporter, opset, side, dynamic)


FIXED: dict[str, Any] = {"dynamic": False}

BEIT = {"img_size": 96, "embed_dim": 192, "depth": 4, "num_heads": 3}

SMALL: tuple[Family, ...] = (
    *_small("Shuffled", scripted=9, traced=18),
    *_small("NormalizerFree", scripted=17, traced=20),
    *_small("SamePadding", scripted=11, traced=18),
    *_small("Normalized", 96, scripted=17, traced=21),
    *_small("Neighbours", scripted=13, traced=18),
    *_small("Gated", scripted=14, traced=22),
    *_small("Split", scripted=15, traced=19),
    *_small("Pyramid", scripted=12, traced=18),
    *_small("Tokens", free=False, scripted=17, traced=23),
    *_small("Windows", free=False, scripted=16, traced=18),
    *_small("Mixer", free=False, scripted=17, traced=24),
    _keras("MobileNet", 12, 64, " 0.25", options={"alpha": 0.25}),
    _keras("MobileNetV3Small", 15, 64, " 0.75", options={"alpha": 0.75, "minimalistic": True}),
)
"""Quick ones, which need torch without torchvision, and TensorFlow."""

FAMILIES = (
    # The exporters take their pools of a fixed number of cells at one size only.
    _vision("alexnet", "torchscript", 11, 224, **FIXED),
    _vision("vgg11_bn", "dynamo", 19, **FIXED),
    _vision("resnet18", "torchscript", 9, 96),
    _vision("resnet50", "dynamo", 18),
    _vision("resnext50_32x4d", "torchscript", 17),
    _vision("wide_resnet50_2", "dynamo", 20),
    _vision("squeezenet1_1", "torchscript", 12),
    _vision("densenet121", "dynamo", 18),
    _vision("googlenet", "torchscript", 11, options={"aux_logits": False, "init_weights": False}),
    _vision(
        "inception_v3", "torchscript", 14, 96, options={"aux_logits": False, "init_weights": False}
    ),
    _vision("mobilenet_v2", "torchscript", 10, 32),
    _vision("mobilenet_v3_small", "dynamo", 19),
    _vision("mnasnet0_5", "torchscript", 16),
    _vision("shufflenet_v2_x0_5", "torchscript", 17, 96),
    _vision("efficientnet_b0", "dynamo", 18),
    _vision("efficientnet_v2_s", "torchscript", 17),
    _vision("regnet_y_400mf", "dynamo", 22),
    _vision("convnext_tiny", "torchscript", 17),
    _vision("vit_b_32", "torchscript", 17, 128, **FIXED, options={"image_size": 128}),
    _vision("swin_t", "torchscript", 17, 112, **FIXED),
    _vision("swin_v2_t", "dynamo", 18, 128, **FIXED),
    _vision("maxvit_t", "dynamo", 20, 224, **FIXED),
    _vision("lraspp_mobilenet_v3_large", "torchscript", 15, 64, options={"weights_backbone": None}),
    _timm("nfnet_l0", "torchscript", 17),
    _timm("efficientnet_lite0", "torchscript", 11),
    _timm("tf_efficientnet_lite0", "torchscript", 13),
    _timm("resnest14d", "torchscript", 17, **FIXED),
    _timm("ghostnet_050", "torchscript", 16),
    _timm("hrnet_w18_small", "torchscript", 15, **FIXED),
    _timm("cspdarknet53", "dynamo", 18, 32),
    _timm("dpn68", "torchscript", 14),
    _timm("repvgg_a0", "dynamo", 21),
    _timm("xception41", "torchscript", 17),
    _timm("inception_v4", "torchscript", 11, 96),
    _timm("inception_resnet_v2", "torchscript", 17, 96),
    _timm("dla34", "torchscript", 17),
    _timm("res2net50_26w_4s", "torchscript", 17),
    _timm("skresnet18", "dynamo", 20),
    _timm("levit_128s", "torchscript", 17, 128, **FIXED, options={"img_size": 128}),
    _timm("vit_tiny_patch16_224", "dynamo", 18, 96, **FIXED, options={"img_size": 96}),
    _timm(
        "deit_tiny_distilled_patch16_224", "torchscript", 17, 96, **FIXED, options={"img_size": 96}
    ),
    _timm("beit_base_patch16_224", "torchscript", 17, 96, **FIXED, options=BEIT),
    _timm("mixer_s32_224", "torchscript", 17, 128, **FIXED, options={"img_size": 128}),
    _timm("poolformer_s12", "dynamo", 21),
    _timm("mobilevit_xxs", "torchscript", 17, 128, **FIXED),
    _timm("edgenext_xx_small", "dynamo", 18, **FIXED),
    _timm("coatnet_pico_rw_224", "torchscript", 17, 128, **FIXED, options={"img_size": 128}),
    _timm("convmixer_768_32", "dynamo", 24),
    _timm("pvt_v2_b0", "torchscript", 17, **FIXED),
    _timm("tinynet_e", "torchscript", 12),
    _timm("hardcorenas_a", "torchscript", 16),
    _timm("mobileone_s0", "dynamo", 22),
    _timm("ese_vovnet19b_dw", "torchscript", 17),
    _timm("selecsls42b", "dynamo", 18),
    _timm("gernet_s", "torchscript", 13),
    _timm("visformer_tiny", "torchscript", 17, 128, **FIXED, options={"img_size": 128}),
    _timm("resnetv2_50", "dynamo", 23),
    _keras("MobileNet", 9),
    _keras("MobileNetV3Small", 13),
    _keras("Xception", 15, 96),
    _keras("DenseNet121", 13),
    _keras("ResNet50V2", 17),
    _keras("EfficientNetB0", 14),
    _keras("EfficientNetV2B0", 18),
    _keras("MobileNetV2", 17),
    _keras("NASNetMobile", 15, 96, **FIXED),
    _keras("InceptionResNetV2", 16, 96),
    _keras("VGG16", 11),
)


def named(name: str) -> Family:
    """Return the family of that name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {family.name: family for family in (*SMALL, *FAMILIES)}[name]

"""Small networks of torch with what exporters write in ways that are hard to adopt.

They need torch alone, and stand for the families of torchvision and timm in `.ci/families`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Sequential):
    """Convolution, batch norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, side: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Shuffled(nn.Module):
    """Channels shuffled between groups, as in ShuffleNet: five axes on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Block(3, 16, stride=2)
        self.steps = nn.ModuleList(Block(8, 8) for _ in range(3))

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        for step in self.steps:
            kept, changed = x.chunk(2, dim=1)
            x = torch.cat((kept, step(changed)), dim=1)
            batch, channels, height, width = x.size()
            x = x.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous()
            x = x.view(batch, channels, height, width)
        return x.mean((2, 3))


class StandardizedConv(nn.Conv2d):
    """A grouped convolution whose kernel is standardized in the graph, as in NFNets."""

    def __init__(self, inputs: int, outputs: int, groups: int = 1) -> None:
        super().__init__(inputs, outputs, 3, padding=1, groups=groups)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        kernel = functional.batch_norm(
            self.weight.reshape(1, self.out_channels, -1),
            None,
            None,
            weight=(self.gain * 0.3).view(-1),
            training=True,
            momentum=0.0,
        ).reshape_as(self.weight)
        return functional.conv2d(x, kernel, self.bias, 1, 1, 1, self.groups)


class NormalizerFree(nn.Module):
    """Standardized kernels, scaled activations and residual sums with a gain."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = StandardizedConv(3, 16)
        self.steps = nn.ModuleList(StandardizedConv(16, 16, groups=4) for _ in range(3))
        self.act = nn.SiLU()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        for step in self.steps:
            x = x + step(self.act(x) * 1.7868) * self.gain
        return self.act(x).mean((2, 3))


class SamePadding(nn.Module):
    """Pads as TensorFlow's SAME computes them, from the image's size in the graph."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((3, 8, 3, 1), (8, 12, 5, 2), (12, 16, 3, 2))
        self.steps = nn.ModuleList(nn.Conv2d(a, b, k, s) for a, b, k, s in sizes)

    def forward(self, image: Tensor) -> Tensor:
        x = image
        for step in self.steps:
            kernel, stride = step.kernel_size[0], step.stride[0]
            pads = [
                torch.clamp((-(-side // stride) - 1) * stride + kernel - side, min=0)
                if isinstance(side, Tensor)
                else max((-(-side // stride) - 1) * stride + kernel - side, 0)
                for side in x.shape[2:]
            ]
            high, wide = pads
            x = functional.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2])
            x = functional.relu6(step(x))
        return x.amax((2, 3))


class Normalized(nn.Module):
    """Group, instance and channels-last layer normalization, with three kinds of GELU and SiLU."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 4, 4)
        self.group, self.instance = nn.GroupNorm(4, 16), nn.InstanceNorm2d(16, affine=True)
        self.one, self.layer = nn.GroupNorm(1, 16), nn.LayerNorm(16)
        self.deep = nn.Conv2d(16, 16, 7, padding=3, groups=16)
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)
        self.scale = nn.Parameter(torch.ones(16, 1, 1))
        self.gelu, self.rough = nn.GELU(), nn.GELU(approximate="tanh")
        self.silu, self.mish = nn.SiLU(), nn.Mish()

    def forward(self, image: Tensor) -> Tensor:
        x = self.rough(self.group(self.stem(image)))
        x = self.mish(self.instance(x))
        y = self.layer(self.deep(x).permute(0, 2, 3, 1))
        y = self.down(self.gelu(self.up(y))).permute(0, 3, 1, 2)
        return self.silu(self.one(x + y * self.scale)).mean((2, 3))


class Neighbours(nn.Module):
    """Local response normalization and pools that round sizes up, as in the first networks."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.pool = nn.LocalResponseNorm(5, 1e-3), nn.MaxPool2d(3, 2, ceil_mode=True)
        self.first, self.second = Block(3, 16, 5), Block(16, 16)
        self.left, self.right = Block(16, 8, 1), nn.Conv2d(16, 8, 3, padding=2, dilation=2)
        self.average = nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)

    def forward(self, image: Tensor) -> Tensor:
        x = self.norm(self.pool(self.first(image)))
        x = self.average(self.norm(self.second(x)))
        return torch.cat((self.left(x), functional.elu(self.right(x))), 1).flatten(2).mean(2)


class Gated(nn.Module):
    """Squeeze-and-excitation with HardSwish, as in MobileNetV3, and a gate with positions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.squeeze, self.excite = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 16, 1)
        self.pool, self.act, self.gate = nn.AdaptiveAvgPool2d(1), nn.Hardswish(), nn.Hardsigmoid()
        self.spatial, self.deep = nn.Conv2d(16, 1, 7, padding=3), nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.act(self.stem(image))
        x = x * self.gate(self.excite(functional.relu(self.squeeze(self.pool(x)))))
        x = x * torch.sigmoid(self.spatial(x))
        return self.act(self.deep(x)).mean((2, 3))


class Split(nn.Module):
    """Attention over parts of the channels, as in ResNeSt and SKNet."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = Block(3, 16, stride=2), nn.Conv2d(16, 32, 3, padding=1, groups=2)
        self.down, self.up, self.deep = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 32, 1), Block(16, 16)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu(self.conv(self.stem(image)))
        batch, channels, height, width = x.shape
        parts = x.reshape(batch, 2, channels // 2, height, width)
        pooled = parts.sum(1).mean((2, 3), keepdim=True)
        weights = self.up(torch.relu(self.down(pooled)))
        weights = weights.view(batch, 1, 2, -1).transpose(1, 2).softmax(1).reshape(batch, -1)
        weighted = x * weights.view(batch, -1, 1, 1)
        summed = weighted.reshape(batch, 2, channels // 2, height, width).sum(1)
        return self.deep(summed).mean((2, 3))


class Pyramid(nn.Module):
    """Down and up again, as U-Nets and HRNets: transposed convolutions and resizing to a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList((Block(3, 8), Block(8, 12, stride=2), Block(12, 16, stride=2)))
        self.up = nn.ConvTranspose2d(16, 12, 2, 2)
        self.merge, self.last = Block(24, 12), nn.Conv2d(20, 8, 3, padding=1)
        self.act = nn.PReLU(8)

    def forward(self, image: Tensor) -> Tensor:
        first = self.down[0](image)
        second = self.down[1](first)
        x = torch.cat((self.up(self.down[2](second)), second), 1)
        x = functional.interpolate(
            self.merge(x), size=first.shape[2:], mode="bilinear", align_corners=False
        )
        return self.act(self.last(torch.cat((x, first), 1)))


class Attention(nn.Module):
    """Self-attention over tokens, in one operator of torch."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.mix, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, count, width = x.shape
        mixed = self.mix(x).reshape(batch, count, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value)
        return self.out(seen.transpose(1, 2).reshape(batch, count, width))


class Encoder(nn.Module):
    """One block of a transformer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.attention = nn.LayerNorm(width), Attention(width, 4)
        self.norm, self.up = nn.LayerNorm(width), nn.Linear(width, 2 * width)
        self.act, self.down = nn.GELU(), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.before(x))
        return x + self.down(self.act(self.up(self.norm(x))))


class Tokens(nn.Module):
    """A vision transformer with a class token before the patches."""

    def __init__(self, side: int = 64) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 8, 8)
        self.start = nn.Parameter(torch.zeros(1, 1, 32))
        self.places = nn.Parameter(torch.zeros(1, 1 + (side // 8) ** 2, 32))
        self.blocks, self.norm = nn.ModuleList(Encoder(32) for _ in range(3)), nn.LayerNorm(32)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.start.expand(len(x), -1, -1), x), 1) + self.places
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 0]


class Windows(nn.Module):
    """Attention in shifted windows over channels-last maps, merged twice, as in Swin."""

    def __init__(self, window: int = 4) -> None:
        super().__init__()
        self.window, self.patches = window, nn.Conv2d(3, 24, 4, 4)
        self.blocks = nn.ModuleList(Encoder(24) for _ in range(2))
        self.merge, self.norm = nn.Linear(96, 48), nn.LayerNorm(96)
        self.deep, self.last = Encoder(48), nn.LayerNorm(48)

    def _attended(self, x: Tensor, block: nn.Module, shift: int) -> Tensor:
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
        batch, height, width, channels = x.shape
        side = self.window
        x = x.view(batch, height // side, side, width // side, side, channels)
        x = block(x.permute(0, 1, 3, 2, 4, 5).reshape(-1, side * side, channels))
        x = x.view(batch, height // side, width // side, side, side, channels)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(batch, height, width, channels)
        return torch.roll(x, (shift, shift), (1, 2)) if shift else x

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).permute(0, 2, 3, 1)
        for number, block in enumerate(self.blocks):
            x = self._attended(x, block, number * self.window // 2)
        parts = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        x = self.merge(self.norm(torch.cat(parts, -1)))
        return self.last(self._attended(x, self.deep, 0)).mean((1, 2))


class Mixer(nn.Module):
    """Tokens mixed by a dense layer across positions, as in MLP-Mixer."""

    def __init__(self, side: int = 64) -> None:
        super().__init__()
        count = (side // 8) ** 2
        self.patches, self.across = nn.Conv2d(3, 24, 8, 8), nn.Linear(count, count)
        self.up, self.down, self.norm = nn.Linear(24, 48), nn.Linear(48, 24), nn.LayerNorm(24)
        self.act = nn.GELU()

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = x + self.act(self.across(self.norm(x).transpose(1, 2))).transpose(1, 2)
        return (x + self.down(self.act(self.up(x)))).mean(1)

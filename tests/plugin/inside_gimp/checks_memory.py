"""Memory of the plug-in: by the selection, not by the layer."""

import threading
import time

from gi.repository import Gimp
from scene import bits, dreamt, picture, processes

SIDE = 10_000
MOST = 200


def peak_while(act):
    """The largest peak of a plug-in's process while something is done, in MB."""
    peaks, ended = [0], threading.Event()

    def watch():
        while not ended.is_set():
            for number in processes("plug-in"):
                try:
                    with open(f"/proc/{number}/status") as file:
                        facts = dict(line.split(":", 1) for line in file if ":" in line)
                    peaks.append(int(facts["VmHWM"].split()[0]) / 1000)
                except (OSError, KeyError):
                    continue
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        act()
    finally:
        ended.set()
        watcher.join()
    return max(peaks)


def check_memory_follows_the_selection():
    """A part of 200 × 200 pixels in 100 megapixels of floats takes less than 200 MB."""
    image = Gimp.Image.new_with_precision(
        SIDE, SIDE, Gimp.ImageBaseType.RGB, Gimp.Precision.FLOAT_LINEAR
    )
    image.undo_disable()
    kind, mode = Gimp.ImageType.RGBA_IMAGE, Gimp.LayerMode.NORMAL
    layer = Gimp.Layer.new(image, "large", SIDE, SIDE, kind, 100.0, mode)
    image.insert_layer(layer, None, 0)
    layer.fill(Gimp.FillType.WHITE)
    image.undo_enable()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 5000, 4000, 200, 200)
    area = (5000, 4000, 200, 200)
    for output in ("in-place", "new-layer"):
        before = bits(layer, area)
        peak = peak_while(lambda output=output: dreamt(image, [layer], output=output))
        print(f"{output}: {peak:.0f} MB", flush=True)
        assert 10 < peak < MOST, (output, peak)
        assert (bits(layer, area) != before) == (output == "in-place")
    image.delete()


def check_memory_of_a_whole_layer():
    """A whole layer takes the layer, its dream and not much else."""
    image = picture(size=(1500, 1000), precision="U8_NON_LINEAR")
    peak = peak_while(lambda: dreamt(image, image.get_layers(), octaves=1, steps=1))
    print(f"6 MB of pixels: {peak:.0f} MB", flush=True)
    assert peak < MOST, peak

"""The dream of a layer as an animation: its frames become the layers of a new image."""

import gimp_messages
from editor import messages
from editor.choices import ANIMATION
from editor.guide import added
from editor.messages import DREAM, RefusedError
from editor.translation import _
from editor.worker_client import WorkerError
from gi.repository import Gimp

from gimp3.original import Original
from gimp3.output import Start, check_output, put_frames
from gimp3.pixels import Region


def animate(worker, image, drawables, recipe, wanted, motion, milliseconds, guided=None):
    """The new image, not yet shown, whose layers are the frames, and what to tell the painter.

    Nothing is made before all frames are there: a cancel, which kills this process, leaves GIMP as
    it was. With a selection, the frames are as large as its bounds, and only what is selected is
    dreamt on in each. Where the worker fails, the frames before that are not lost.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one.
    image, drawables
        What was chosen, one layer.
    recipe : dict
        Of the first frame, which is the layer's own dream.
    wanted : dict
        The choices beside the parameters, see `settings.CHOSEN`.
    motion : dict
        What `settings.Settings.motion` gave.
    milliseconds : int
        For which a frame is shown.
    guided : gimp3.guide.Guide, optional
        The guide.

    Raises
    ------
    RefusedError, worker_client.WorkerError
        One sentence each.
    """
    if len(drawables) > 1:
        raise RefusedError(messages.ONE_LAYER.format(count=len(drawables)))
    check_output(drawables[0], ANIMATION)
    Gimp.progress_init(_(DREAM.title))
    start = Start(image)
    selected = not image.get_selection().is_empty(image)
    by_mask = wanted["mask-from"] == "layer-mask"
    original = Original(Region(drawables[0], selected), True, by_mask, centered=True)
    if original.has_colors_off:
        raise RefusedError(gimp_messages.ALL_COLORS)
    check_memory(original, motion["frames"])
    request = dict(original.request(), recipe=recipe, provider=wanted["provider"], **motion)
    request, payload = added(guided, request, original.payload(), original.native)
    # Only the worker's last reply has a recipe without the paths of this machine.
    frames, notice, used = [], "", None

    def keep(_, read):
        first = not frames
        frames.append(
            original.part(original.receive(read)) if first else original.receive_frame(read)
        )

    try:
        used = worker.animate(request, payload, _report, keep)["stored"]
    except WorkerError as error:
        if not frames or error.kind == "CancelledError":
            raise
        notice = messages.SOME_FRAMES.format(
            count=len(frames), frames=motion["frames"], sentence=error
        )
    return put_frames(start, original, frames, used, motion, milliseconds), notice


def check_memory(original, frames, path="/proc/meminfo"):
    """Raise `RefusedError` where the frames would not fit into the memory that is free.

    They are held here until all are there, and then by GIMP too. Other systems than Linux do not
    tell how much there is.
    """
    needed = 2 * frames * original.area.width * original.area.height * original.pixel_bytes
    free = _free_memory(path)
    if free is not None and needed > free:
        raise RefusedError(
            messages.TOO_MANY_FRAMES.format(
                frames=frames,
                width=original.area.width,
                height=original.area.height,
                needed=f"{needed / 1e9:.1f}",
                free=f"{free / 1e9:.1f}",
            )
        )


def _free_memory(path):
    """Bytes of memory that programs can have without swapping; None where no file tells."""
    try:
        with open(path, encoding="ascii") as file:
            facts = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return None
    kilobytes = facts.get("MemAvailable", "").split()
    return int(kilobytes[0]) * 1024 if kilobytes else None


def _report(header):
    """Show the worker's progress in GIMP."""
    Gimp.progress_set_text(messages.progress(header))
    if header["stage"] != "loading":
        Gimp.progress_update(header["fraction"])

"""What the button Apply does: the work, what is said of it, and how it is stopped."""

import time

from .. import messages
from ..choices import APART
from ..worker_client import WorkerError
from . import words
from .patient_worker import PatientWorker
from .taking import Taking
from .workers import kill_worker


class Applying:
    """Does the work with all that is set while the dialog stays open.

    Parameters
    ----------
    config : object
        The arguments, of which `get_property` reads one.
    texts : Texts
        The words of the filter.
    work : callable
        Given a worker, does the work as `config` says and writes the result.
    workers : editor.dialog.workers.Workers
        Where the worker comes from.
    live : editor.dialog.shown_preview.ShownPreview
        Shows what the work sends, and pauses meanwhile.
    pane : object
        Where it is told how far the work is: by `say`, a text and a fraction, and `warn`.
    on_change : callable
        Called when the work begins and ends.
    go_on : callable
        Called after it with an idle worker or None, to preview again.
    screen : object
        The toolkit, see `editor.dialog`.

    Attributes
    ----------
    succeeded : bool
        Whether the work was done, at least once.
    """

    def __init__(self, config, texts, work, workers, live, pane, on_change, go_on, screen):
        self._config, self._texts, self._work = config, texts, work
        self._workers, self._live, self._pane = workers, live, pane
        self._on_change, self._go_on, self._screen = on_change, go_on, screen
        # Where it is busy, one of both: it waits for a worker, then that one works.
        self._taking = self._running = None
        self.succeeded = False

    def is_busy(self):
        """Whether it is at work, or waits for a worker."""
        return self._stage() is not None

    def cancel(self):
        """End the work that is being done."""
        self._stage().cancel()

    def is_stopping(self):
        """Whether its end is awaited after `cancel`."""
        return self.is_busy() and self._stage().cancelled

    def abandon(self):
        """End the work that is being done and its worker at once, as where the editor quits."""
        self._stage().cancel()
        if self._running is not None:
            self._running.worker.kill()

    def run(self):
        """Work, while the events of the windows are handled; then preview again.

        Returns
        -------
        bool
            Whether the work was done.
        """
        self._live.pause()
        self._taking = Taking(self._workers, self._screen)
        self._on_change()
        self._pane.say(self._texts.applying, 0.0)
        try:
            worker = self._taking.run()
        except WorkerError as error:
            return self._end(None, False, True, words.sentence(error))
        except Exception as error:
            return self._end(None, False, True, self._unexpected(error))
        if worker is None:
            return self._end(None, False, False, words.CANCELLED)
        patient = PatientWorker(worker, self._progress, self._live.show_real, self._screen)
        self._running, self._taking = patient, None
        done, failed, said = self._try(patient)
        if not patient.is_idle():
            kill_worker(worker)
        return self._end(worker if patient.is_idle() else None, done, failed, said)

    def _stage(self):
        """What it is busy with."""
        return self._taking or self._running

    def _end(self, spare, done, failed, said):
        """Preview again, and say what became of the work; whether it was done."""
        self._taking = self._running = None
        self._on_change()
        self._go_on(spare)
        if failed:
            self._pane.warn(said)
        else:
            self._live.say_next(said)
        return done

    def _unexpected(self, error):
        """Any error is one sentence for the painter."""
        return self._texts.failed.format(kind=type(error).__name__, error=error)

    def _try(self, patient):
        """Work; whether it was done, whether it failed, and what to say."""
        began = time.monotonic()
        try:
            self._work(patient)
        except (messages.RefusedError, ValueError, WorkerError) as error:
            said = words.sentence(error)
        except Exception as error:
            said = self._unexpected(error)
        else:
            self.succeeded = True
            apart = self._config.get_property("output") in APART
            said = words.APPLIED_APART if apart else words.APPLIED
            return True, False, said.format(time=messages.duration(time.monotonic() - began))
        return (False, False, words.CANCELLED) if patient.cancelled else (False, True, said)

    def _progress(self, header):
        self._pane.say(messages.progress_alone(header), header.get("fraction", 0.0))

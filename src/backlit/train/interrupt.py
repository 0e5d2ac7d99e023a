"""Ctrl-C that waits for the end of a step."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from backlit.train.events import Callback, Run


class WholeSteps:
    """While this is entered, a first Ctrl-C is remembered instead of breaking into an update half done.

    `check()`, called between steps, raises the KeyboardInterrupt. A second Ctrl-C breaks in at once. Only the main
    thread receives signals, and a program's own handler is left alone: elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self.is_pending = False
        self._before: Any = None

    def __enter__(self) -> WholeSteps:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self.is_pending and kind is None:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C came since."""
        if self.take():
            raise KeyboardInterrupt

    def take(self) -> bool:
        """Whether Ctrl-C came; it is thereby heeded."""
        came, self.is_pending = self.is_pending, False
        return came

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.is_pending:
            raise KeyboardInterrupt
        self.is_pending = True


class StopOnCtrlC(Callback):
    """Ends a run at Ctrl-C as at its last epoch, if there is a whole one to keep; else raises KeyboardInterrupt.

    It is for a program that enters WholeSteps around `fit`, which would otherwise do so itself, and raise.
    """

    def __init__(self, interrupt: WholeSteps) -> None:
        self.interrupt = interrupt

    def on_step(self, run: Run) -> None:
        if self.interrupt.is_pending:
            if run.step < run.steps_per_epoch:
                self.interrupt.check()
            run.stop("Ctrl-C was pressed")

"""The thread in which a session lives: it trains in short chunks, and reads its mail between them.

Nobody else touches the session, so nothing in it needs a lock. The server's event loop posts functions of the session
and awaits what they give; what all clients should hear is told to the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import traceback
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from backlit.live.messages import Message, Refusal

Answer = TypeVar("Answer")

#: Seconds of training between two looks into the mailbox.
CHUNK = 0.004
#: Seconds between two looks while the session has nothing to do before its next step is due.
REST = 0.02


class Worker:
    """A session and its thread.

    `tell` is called in the event loop with the session's news.
    """

    def __init__(self, session: Any, tell: Callable[[list[Message]], None]) -> None:
        self._session = session
        self._tell = tell
        self._mail: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="backlit-session", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its present chunk."""
        self._mail.put(None)
        self._thread.join(timeout=2)

    async def ask(self, question: Callable[[Any], Answer]) -> Answer:
        """What `question` of the session gives, or the exception that it raises; asked in the session's thread."""
        assert self._loop is not None
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._mail.put(lambda: self._reply(question, answer))
        return await answer

    def _reply(self, question: Callable[[Any], Answer], answer: asyncio.Future[Answer]) -> None:
        try:
            given = question(self._session)
        except Exception as error:
            self._announce()
            self._call(_settle, answer, None, error)
        else:
            # News first: a frame must not come before the state that says how to read it.
            self._announce()
            self._call(_settle, answer, given, None)

    def _live(self) -> None:
        self._announce()
        while self._read_mail(self._advance()):
            pass

    def _advance(self) -> bool:
        """Train for a chunk; whether there is more to do at once."""
        try:
            is_busy = bool(self._session.advance(CHUNK))
        except Exception as error:
            report(error)
            self._call(self._tell, [refused("play", unforeseen(error))])
            self._stand_still()
            is_busy = False
        self._announce()
        return is_busy

    def _stand_still(self) -> None:
        """Pause, whatever is the matter: what failed once would fail in each chunk to come."""
        try:
            self._session.answer({"do": "pause"})
        except Exception:
            self._session.is_playing = False

    def _read_mail(self, is_busy: bool) -> bool:
        """Answer all mail that is there; unless training goes on, wait for some. False ends the thread."""
        try:
            # What plays slowly waits for its next step, what stands still for mail alone.
            letter = self._mail.get(block=not is_busy, timeout=REST if self._session.is_playing else None)
            while letter is not None:
                letter()
                letter = self._mail.get_nowait()
        except Empty:
            return True
        return False

    def _announce(self) -> None:
        try:
            news = self._session.news()
        except Exception as error:  # this thread answers everybody, and must not end
            report(error)
            news = [refused("", unforeseen(error))]
        if news:
            self._call(self._tell, news)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended, and nobody listens
            self._loop.call_soon_threadsafe(function, *arguments)


def _settle(answer: asyncio.Future[Any], given: Any, error: Exception | None) -> None:
    if answer.cancelled():  # whoever asked has gone
        return
    if error is None:
        answer.set_result(given)
    else:
        answer.set_exception(error)


def refused(do: str, words: str) -> Message:
    return {"is": "refused", "do": do, "message": words}


def unforeseen(error: Exception) -> str:
    return f"This should not have happened: {type(error).__name__}: {error}. The terminal has the details."


def report(error: Exception) -> None:
    """An error that nobody foresaw goes to the terminal in full; refusals are for the page alone."""
    if not isinstance(error, Refusal):
        traceback.print_exception(error, file=sys.stderr)

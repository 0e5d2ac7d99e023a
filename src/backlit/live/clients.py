"""The pages that are open, and what each of them is told.

A client has one message answered at a time, so one frame at most is on its way to it. News overtake each other: a
client that reads slowly gets the newest state, not all of them in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from backlit.live.messages import Message, Refusal, read, written
from backlit.live.worker import Worker, refused, report, unforeseen

#: Pages that may be open at a time.
MOST_CLIENTS = 8
#: The code of a closed socket that says: try again later.
TRY_LATER = 1013


class Client:
    """One open page. `news` holds what it was not told yet, by kind, each as JSON."""

    def __init__(self, socket: WebSocket, worker: Worker) -> None:
        self._socket = socket
        self._worker = worker
        self._is_sending = asyncio.Lock()
        self._has_news = asyncio.Event()
        self.news: dict[str, str] = {}

    def tell(self, news: dict[str, str]) -> None:
        for kind in news:
            self.news.pop(kind, None)  # so that the newest comes last
        self.news.update(news)
        self._has_news.set()

    async def speak(self) -> None:
        """Send the news as they come."""
        while True:
            await self._has_news.wait()
            await self._send()

    async def listen(self) -> None:
        """Answer what the page sends, until it goes."""
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            await self._send(*await self._answers(received["bytes"] if text is None else text))

    async def _answers(self, text: str | bytes) -> list[str | bytes]:
        name = ""
        try:
            message = read(text)
            name = message["do"]
            if name == "frame":
                return [await self._worker.ask(lambda session: session.frame(message["maps"]))]
            answers = await self._worker.ask(lambda session: session.answer(message))
            return [written(answer) for answer in answers]
        except Refusal as refusal:
            return [written(refused(name, str(refusal)))]
        except Exception as error:
            report(error)
            return [written(refused(name, unforeseen(error)))]

    async def _send(self, *answers: str | bytes) -> None:
        """The news first: a frame is read by the state that was sent last."""
        async with self._is_sending:
            self._has_news.clear()
            while self.news:
                await self._socket.send_text(self.news.pop(next(iter(self.news))))
            for answer in answers:
                if isinstance(answer, bytes):
                    await self._socket.send_bytes(answer)
                else:
                    await self._socket.send_text(answer)


class Clients:
    """All open pages of one session."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._open: set[Client] = set()
        self._latest: dict[str, str] = {}

    def tell(self, news: Iterable[Message]) -> None:
        """Tell all of them, and remember for those who come later."""
        told = {each["is"]: written(each) for each in news}
        self._latest.update({kind: text for kind, text in told.items() if kind != "refused"})
        for client in self._open:
            client.tell(told)

    async def serve(self, socket: WebSocket) -> None:
        """One page, from its first message to its last."""
        await socket.accept()
        if len(self._open) >= MOST_CLIENTS:
            words = f"{MOST_CLIENTS} pages show this session already, which is as many as it serves. Close one of them."
            await socket.send_text(written(refused("connect", words)))
            await socket.close(TRY_LATER, "too many pages")
            return
        client = Client(socket, self._worker)
        self._open.add(client)
        speaking: asyncio.Task[Any] | None = None
        try:
            await socket.send_text(written(await self._worker.ask(lambda session: session.hello())))
            client.tell(self._latest)
            speaking = asyncio.create_task(client.speak())
            await client.listen()
        except WebSocketDisconnect:  # it went while something was sent
            pass
        finally:
            self._open.discard(client)
            await _end(speaking)


async def _end(task: asyncio.Task[Any] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
            await task



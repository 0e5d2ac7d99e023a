"""A session that trains nothing: what the server does is seen without it."""

import struct
import time

from backlit.live.messages import Refusal


class StubSession:
    """Counts steps instead of taking them. `set` of the control "fault" raises what no one foresaw, or, of "step-fault"
    and "news-fault", lets the next chunk of steps, or the next news, do so.
    """

    def __init__(self):
        self.version = self.step = 0
        self.is_playing = False
        self.is_told = False
        self.uploaded = None
        self.faults = set()

    def hello(self):
        return {"is": "hello", "version": "stub"}

    def news(self):
        self.fail_if("news-fault")
        if self.is_told:
            return []
        self.is_told = True
        return [
            {"is": "data", "version": self.version},
            {"is": "state", "version": self.version, "status": "playing" if self.is_playing else "paused"},
        ]

    def answer(self, message):
        if message["do"] == "set" and message["control"] == "fault":
            raise KeyError("fault")
        if message["do"] == "set":
            self.faults.add(message["control"])
        if message["do"] == "scrub":
            raise Refusal("There is no such moment.")
        if message["do"] == "probe":
            return [{"is": "probe", "at": message["at"], "outputs": [float("nan"), float("inf"), 0.5]}]
        self.is_playing = {"play": True, "pause": False}.get(message["do"], self.is_playing)
        self.version, self.is_told = self.version + 1, False
        return []

    def advance(self, seconds):
        if self.is_playing:
            self.fail_if("step-fault")
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                self.step += 1
        return self.is_playing

    def fail_if(self, fault):
        if fault in self.faults:
            self.faults.remove(fault)
            raise KeyError(fault)

    def frame(self, maps):
        return struct.pack("<dd?", self.version, self.step, maps)

    def upload(self, table, target):
        self.uploaded = (table, target)
        self.version, self.is_told = self.version + 1, False

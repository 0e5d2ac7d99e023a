import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { act, runTo } from "../src/actions";
import { count, percent, real, whole } from "../src/format";
import { Cadence } from "../src/loop";
import { followPace, isPacing, setSpeed } from "../src/pace";
import { shownText } from "../src/panels/Counters";
import type { Message, State } from "../src/protocol";
import { door, state } from "../src/store";
import { deliver, socketAddress } from "../src/transport";

let sent: Message[] = [];
const stands = (more: object): void => {
  state.value = { status: "paused", version: 1, ...more } as unknown as State;
};

beforeEach(() => {
  sent = [];
  door.send = (message) => sent.push(message);
  isPacing.value = false;
  setSpeed("0");
  stands({});
  sent = [];
});

describe("play", () => {
  it("is the server's at full speed, and ends by the same button", () => {
    act("play");
    stands({ status: "playing" });
    act("play");
    expect(sent).toEqual([{ do: "play" }, { do: "pause" }]);
  });

  it("stops before a step is taken by hand", () => {
    stands({ status: "playing" });
    act("step-phase");
    expect(sent).toEqual([{ do: "pause" }, { do: "step", what: "phase" }]);
  });

  it("leaves the past first", () => {
    stands({ status: "past" });
    runTo("epoch", 3);
    expect(sent).toEqual([{ do: "latest" }, { do: "run_to", epoch: 3 }]);
  });
});

describe("slow speeds", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: false });
  });
  afterEach(() => {
    isPacing.value = false;
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("send one step after the other, and none while the last is unanswered", () => {
    followPace();
    setSpeed("phase-4");
    act("play");
    expect(sent).toEqual([{ do: "step", what: "phase" }]);
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(1);
    stands({ version: 2 });
    vi.advanceTimersByTime(250);
    expect(sent).toHaveLength(2);
    act("play");
    stands({ version: 3 });
    vi.advanceTimersByTime(2000);
    expect(sent).toHaveLength(2);
  });

  it("of the server are its own business", () => {
    stands({ status: "playing" });
    setSpeed("100");
    expect([isPacing.value, sent]).toEqual([false, [{ do: "set", control: "speed", value: "100" }]]);
  });

  it("take over from full speed while the run goes on", () => {
    stands({ status: "playing" });
    setSpeed("phase-1");
    expect([isPacing.value, sent[0]]).toEqual([true, { do: "pause" }]);
  });
});

describe("frames", () => {
  it("are asked for all the time while training, with maps now and then", () => {
    const cadence = new Cadence();
    expect(cadence.wants(0, true, true)).toBe("maps");
    cadence.asked(0, true);
    expect(cadence.wants(16, true, true)).toBe("frame");
    expect(cadence.wants(40, true, true)).toBe("maps");
    expect(cadence.wants(40, true, false)).toBe("frame");
  });

  it("are asked for once after a change while nothing runs, and then rarely", () => {
    const cadence = new Cadence();
    cadence.asked(0, true);
    expect(cadence.wants(16, false, true)).toBe("");
    cadence.touch();
    expect(cadence.wants(32, false, true)).toBe("maps");
    cadence.asked(32, true);
    expect(cadence.wants(1100, false, true)).toBe("frame");
  });

  it("of another layout are let go", () => {
    expect(() => deliver(new ArrayBuffer(8))).not.toThrow();
  });

  it("come from where the page came from", () => {
    expect(socketAddress({ protocol: "http:", host: "127.0.0.1:7860" })).toBe("ws://127.0.0.1:7860/ws");
    expect(socketAddress({ protocol: "https:", host: "a.b" })).toBe("wss://a.b/ws");
  });
});

describe("numbers", () => {
  it("are written as people read them", () => {
    expect([0.123456, 12.3456, 1234.56, -0.5, 0.000012, 0].map((value) => real(value))).toEqual(["0.1235", "12.35", "1235", "−0.5000", "1.20e−5", "0"]);
    expect([real(NaN), real(-Infinity)]).toEqual(["NaN", "−∞"]);
    expect([whole(12345.2), count(999999), count(1234567)]).toEqual(["12,345", "999,999", "1.23 M"]);
    expect([percent(1), percent(0.98765), percent(0.99999)]).toEqual(["100 %", "98.8 %", "100.0 %"]);
  });

  it("that were never measured are absent; those that were lost are NaN", () => {
    const counter = { says: (value: number) => (Number.isNaN(value) ? "NaN" : `${value}`) };
    expect(shownText(counter, NaN, false)).toBe("–");
    expect(shownText(counter, NaN, true)).toBe("NaN");
  });
});

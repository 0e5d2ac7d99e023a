/** The page's line to a session: JSON both ways, binary frames one way. */

import { batch } from "@preact/signals";
import { Frame } from "./frame";
import type { Answer, Message } from "./protocol";
import * as store from "./store";

export interface Transport {
  connect(): void;
  send(message: Message): void;
  /** Asks for a frame unless one is on its way; says whether it asked. */
  askFrame(maps: boolean): boolean;
}

/** Puts an answer where the panels see it. */
export function dispatch(answer: Answer): void {
  batch(() => {
    switch (answer.is) {
      case "hello": store.hello.value = answer; break;
      case "state":
        if (answer.layout.id !== store.state.value?.layout.id) store.latest.frame = store.latest.maps = null;
        store.state.value = answer;
        break;
      case "data": store.data.value = answer; break;
      case "inspection":
        store.inspection.value = answer;
        store.unanswered.value = "";
        break;
      case "probe": store.probe.value = answer; break;
      case "program": store.program.value = answer; break;
      case "guessed": store.guessed.value = answer; break;
      case "lesson": store.lesson.value = answer; break;
      case "refused":
        if (answer.do === "inspect") store.unanswered.value = answer.message;
        else store.refusal.value = answer;
        break;
    }
  });
}

/** Keeps a frame for the next turn of the loop; bytes of another layout than the present one are let go. */
export function deliver(buffer: ArrayBuffer): void {
  const layout = store.state.value?.layout;
  if (layout === undefined || Frame.layoutOf(buffer) !== layout.id) return;
  const frame = new Frame(buffer, layout);
  store.latest.frame = frame;
  if (frame.hasMaps) store.latest.maps = frame;
}

/** Milliseconds after which a frame that never came is asked for again. */
const PATIENCE = 2000;
const RETRIES = [250, 500, 1000, 2000, 4000];

export class WebSocketTransport implements Transport {
  private socket: WebSocket | null = null;
  private failures = 0;
  private askedAt = -Infinity;
  private waiting: string[] = [];

  constructor(private readonly address: string) {}

  connect(): void {
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened(socket);
    socket.onclose = () => this.closed();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.received(event.data);
  }

  private opened(socket: WebSocket): void {
    this.socket = socket;
    this.failures = 0;
    this.askedAt = -Infinity;
    store.isConnected.value = true;
    store.isAway.value = false;
    for (const text of this.waiting.splice(0)) socket.send(text);
  }

  private closed(): void {
    this.socket = null;
    store.isConnected.value = false;
    store.isAway.value = true;
    const delay = RETRIES[Math.min(this.failures++, RETRIES.length - 1)];
    setTimeout(() => this.connect(), delay);
  }

  private received(content: string | ArrayBuffer): void {
    if (typeof content === "string") {
      dispatch(JSON.parse(content) as Answer);
      return;
    }
    this.askedAt = -Infinity;
    deliver(content);
  }

  /** What is asked before the first connection waits for it; what is asked while the server is away is lost. */
  send(message: Message): void {
    const text = JSON.stringify(message);
    if (this.socket !== null) this.socket.send(text);
    else if (store.hello.value === null) this.waiting.push(text);
  }

  askFrame(maps: boolean): boolean {
    const now = performance.now();
    if (this.socket === null || now - this.askedAt < PATIENCE) return false;
    this.askedAt = now;
    this.socket.send(JSON.stringify({ do: "frame", maps }));
    return true;
  }
}

export function socketAddress(page: { protocol: string; host: string }): string {
  return `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}/ws`;
}

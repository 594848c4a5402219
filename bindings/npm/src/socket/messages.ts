// Hands messages to those who listen. A second event, made and dispatched for each, would take a browser half as long again as a bare WebSocket.
import { surface } from "../surface.js";

type Listener = EventListenerOrEventListenerObject;

interface Listening {
  readonly listener: Listener;
  readonly capture: boolean;
  readonly once: boolean;
}

function isCapturing(options: boolean | EventListenerOptions | undefined): boolean {
  return typeof options === "object" ? options.capture === true : options === true;
}

export class MessageListeners {
  /** Never changed, but replaced: whoever is added while a message is handed over hears of the next one. */
  #all: readonly Listening[] = [];

  add(listener: Listener, options?: boolean | AddEventListenerOptions): void {
    const { once = false, signal } = typeof options === "object" ? options : {};
    const capture = isCapturing(options);
    if (signal?.aborted || this.#find(listener, capture)) return;
    this.#all = [...this.#all, { listener, capture, once }];
    signal?.addEventListener("abort", () => this.remove(listener, options), { once: true });
  }

  remove(listener: Listener, options?: boolean | EventListenerOptions): void {
    const found = this.#find(listener, isCapturing(options));
    if (found) this.#all = this.#all.filter((it) => it !== found);
  }

  /** Hands over what a bare WebSocket has received, as the `socket`'s own. */
  deliver(event: MessageEvent, socket: EventTarget): void {
    if (event.origin === undefined) {
      // As of `ws`.
      const { url } = event.target as WebSocket;
      Object.defineProperty(event, "origin", { get: () => new URL(url).origin });
    }
    Object.defineProperties(event, { target: { value: socket }, currentTarget: { value: socket } });
    const all = this.#all;
    let stopped = false;
    if (all.length > 1) {
      event.stopImmediatePropagation = () => {
        stopped = true;
      };
    }
    for (const it of all) {
      const { listener, capture, once } = it;
      if (stopped) break;
      if (this.#all !== all && !this.#all.includes(it)) continue;
      // As the platform does it: before the call.
      if (once) socket.removeEventListener("message", listener, capture);
      try {
        if (typeof listener === "function") listener.call(socket, event);
        else listener.handleEvent(event);
      } catch (problem) {
        surface(problem);
      }
    }
  }

  #find(listener: Listener, capture: boolean): Listening | undefined {
    return this.#all.find((it) => it.listener === listener && it.capture === capture);
  }
}

// What every socket shows: what is the same of a WebSocket, whoever holds it.
import { surface } from "../surface.js";
import type { Listener } from "./events.js";
import type { Leg, Legs } from "./legs.js";

type Handler = (event: Event) => unknown;

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** The states of a WebSocket. */
export type ReadyState = 0 | 1 | 2 | 3;

export const { CONNECTING, OPEN, CLOSING, CLOSED } = STATES;

export abstract class SocketFace extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  declare onopen: ((this: WebSocket, event: Event) => unknown) | null;
  declare onmessage: ((this: WebSocket, event: MessageEvent) => unknown) | null;
  declare onerror: ((this: WebSocket, event: Event) => unknown) | null;
  declare onclose: ((this: WebSocket, event: CloseEvent) => unknown) | null;
  readonly #handlers: Record<string, { handler: Handler; listener: Handler }> = {};
  /** Who listens for messages without further wishes. Never changed, but replaced: whoever is added while a message is handed over hears of the next. */
  #listeners: readonly Listener[] = [];
  /** Somebody listens once, until a signal, or before the others: that is the platform's affair. */
  #dispatches = false;
  /** @internal */
  protected abstract readonly legs: Legs;

  static {
    for (const [name, value] of Object.entries(STATES)) {
      for (const holder of [SocketFace, SocketFace.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
    }
    for (const type of ["open", "message", "error", "close", "migrate"]) {
      Object.defineProperty(SocketFace.prototype, `on${type}`, {
        configurable: true,
        enumerable: true,
        get(this: SocketFace) {
          return this.#handlers[type]?.handler ?? null;
        },
        set(this: SocketFace, handler: unknown) {
          this.#handle(type, handler);
        },
      });
    }
  }

  /** A handler has the place among the listeners that the first one had since there was none. */
  #handle(type: string, handler: unknown): void {
    const known = this.#handlers[type];
    if (typeof handler !== "function") {
      if (known) this.removeEventListener(type, known.listener);
      delete this.#handlers[type];
    } else if (known) {
      known.handler = handler as Handler;
    } else {
      const added = { handler: handler as Handler, listener: (event: Event) => added.handler.call(this, event) };
      this.#handlers[type] = added;
      this.addEventListener(type, added.listener);
    }
  }

  override addEventListener(type: string, listener: Listener | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener, options);
    if (type !== "message" || !listener) return;
    if (options) this.#dispatches = true;
    else if (!this.#listeners.includes(listener)) this.#listeners = [...this.#listeners, listener];
  }

  override removeEventListener(type: string, listener: Listener | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, listener, options);
    if (type === "message") this.#listeners = this.#listeners.filter((it) => it !== listener);
  }

  /**
   * Hands a message of a leg to those who listen. A second event, made and dispatched for each, would take a browser half as long again.
   *
   * @internal
   */
  protected deliver(event: MessageEvent, { socket }: Leg): void {
    // `ws` tells no origin.
    if (this.#dispatches || event.origin === undefined) {
      const { origin } = new URL(socket?.url || this.url);
      this.dispatchEvent(new MessageEvent("message", { data: event.data, origin }));
      return;
    }
    let stopped = false;
    const own = { value: this };
    Object.defineProperties(event, { target: own, currentTarget: own });
    event.stopImmediatePropagation = () => {
      stopped = true;
    };
    for (const listener of this.#listeners) {
      if (stopped) break;
      if (!this.#listeners.includes(listener)) continue;
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      } catch (problem) {
        surface(problem);
      }
    }
  }

  /** Where it leads. */
  get url(): string {
    return this.legs.url;
  }

  /** The subprotocol that the server has chosen, or chose last. */
  get protocol(): string {
    return this.legs.last?.socket?.protocol ?? "";
  }

  /** The extensions that the server has chosen, or chose last. */
  get extensions(): string {
    return this.legs.last?.socket?.extensions ?? "";
  }

  /** As what binary messages arrive. */
  get binaryType(): BinaryType {
    return this.legs.binaryType;
  }

  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.legs.binaryType = type;
  }
}

// A WebSocket of one life, for libraries that reconnect by themselves: once it is closed, it stays so.
import type { Driver } from "./driver.js";
import { CloseEvent, ErrorEvent } from "./events.js";
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState, SocketFace } from "./face.js";
import { broken, type Leg, type LegEnd, Legs, type LegsOwner, type Path, type Protocols } from "./legs.js";
import type { Sendable } from "./queue.js";
import { bytesOf, checkClose, protocolsOf, refuse } from "./rules.js";
import type { Spares } from "./spares.js";

/** It closes because the link has moved (IANA registry of close codes: service restart). */
const MOVED: LegEnd = { code: 1012, reason: "moved to another server", wasClean: true };

/** What is beneath sockets of one life. */
export interface OneLifeDriver extends Driver {
  /** Whether the app's network is down, or no endpoint is healthy. */
  readonly isDown: boolean;
  /** Whether a socket that this endpoint refuses has nothing else to wait for. */
  isFinal(endpoint: string): boolean;
}

export class OneLifeSocket extends SocketFace {
  /** @internal */
  protected legs: Legs;
  #state: ReadyState = CONNECTING;
  /** How the last attempt has failed. */
  #refused: { end: LegEnd; error: unknown; endpoint: string } | undefined;
  /** How many bytes were sent in vain. */
  #lost = 0;

  /** @internal */
  constructor(driver: OneLifeDriver, spares: Spares, path: Path, protocols: Protocols) {
    super();
    const list = protocolsOf(protocols);
    const key = `${path} ${list}`;
    let tried = false;
    const owner: LegsOwner = {
      opening: () => {
        tried = true;
      },
      leaving: () => {
        const moves = this.#state === OPEN;
        if (moves) this.#state = CLOSING;
        return moves;
      },
      left: (before) => {
        // What the new leg has told meanwhile is for whoever takes it.
        this.legs.waits = undefined;
        // This comes before `close`, for a listener of that may open the next socket at once.
        spares.put(key, this.legs);
        // The link may lead to other hosts by now, where this path leads nowhere.
        this.#detach(new Legs(driver, { path: () => path, protocols: list, webSocket: undefined }, owner), before);
        this.#close(MOVED);
      },
      promoted: (leg) => this.#open(leg),
      message: (event, leg) => this.deliver(event, leg),
      ended: (end, error, endpoint) => {
        if (this.#state === OPEN || driver.isFinal(endpoint)) this.#fail(end, error);
        else this.#refused = { end, error, endpoint };
      },
      passed: (endpoint) => {
        // The server is well, and refuses this socket, for its path or who we are: no reason to look for another one, and the library may have
        // something else to offer.
        if (this.#refused?.endpoint === endpoint) this.#fail(this.#refused.end, this.#refused.error);
      },
      unavailable: () => {
        if (this.#state === CONNECTING) this.#fail(broken(), new Error("steadfast: there is no healthy endpoint"));
      },
      stopped: () => {
        if (this.legs.waits) this.#fail(MOVED, undefined);
        else this.close(1000, "the link has been stopped");
      },
    };
    const spare = spares.take(key);
    this.legs = spare ?? new Legs(driver, { path, protocols: list, webSocket: undefined }, owner);
    if (spare) {
      spare.owner = owner;
      spare.binaryType = "blob";
      // In a later task, `open` finds the listeners that the app adds after the constructor.
      setTimeout(() => {
        const { current } = spare;
        if (this.#state === CONNECTING && current) this.#open(current);
      });
    } else {
      try {
        driver.hold(this.legs);
        // One that comes too late for the event hears of it, unless an attempt is made: that may succeed.
        setTimeout(() => {
          if (!tried && driver.isDown) owner.unavailable?.();
        });
      } catch (error) {
        // The link has been stopped. A library that reconnects hears of it by events, as of any failure.
        setTimeout(() => this.#fail(broken(), error));
      }
    }
  }

  get readyState(): ReadyState {
    const closing = this.#state === OPEN && this.legs.current?.socket?.readyState !== OPEN;
    return closing ? CLOSING : this.#state;
  }

  /** How many bytes have not been handed to the network. */
  get bufferedAmount(): number {
    return this.#lost + (this.legs.last?.socket?.bufferedAmount ?? 0);
  }

  /** Sends a message. */
  send(data: Sendable): void {
    if (this.#state === CONNECTING) refuse("InvalidStateError", "the socket is not open yet");
    const { current } = this.legs;
    if (this.readyState === OPEN && current) this.legs.send(current, data);
    else this.#lost += data instanceof Blob ? data.size : ((data as ArrayBuffer).byteLength ?? bytesOf(`${data}`));
  }

  /** Closes it. */
  close(code?: number, reason?: string): void {
    checkClose(code, reason);
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    const leg = this.legs.close(code, reason);
    this.#state = CLOSING;
    if (leg?.socket) leg.socket.onclose = (event) => this.#close(event);
    else setTimeout(() => this.#fail(broken(), new Error("steadfast: closed before it was open")));
  }

  /** Goes on to show the leg that it had, whatever becomes of the others. */
  #detach(legs: Legs, last: Leg): void {
    legs.last = last;
    legs.binaryType = this.legs.binaryType;
    this.legs = legs;
  }

  #open(leg: Leg): void {
    this.#state = OPEN;
    this.#refused = undefined;
    this.legs.paused = false;
    this.dispatchEvent(new Event("open"));
    this.legs.deliver(leg);
  }

  #fail(end: LegEnd, error: unknown): void {
    if (this.#state === CLOSED) return;
    this.legs.close();
    // A handler of the one event sees the same state as that of the other.
    this.#state = CLOSED;
    if (error !== undefined) this.dispatchEvent(new ErrorEvent("error", { message: (error as Error).message, error }));
    this.dispatchEvent(new CloseEvent("close", end));
  }

  #close(end: LegEnd): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.dispatchEvent(new CloseEvent("close", end));
  }
}

/** The class of WebSockets that follow a link, to be given to whatever takes a class of WebSockets. */
export function oneLife(driver: OneLifeDriver, spares: Spares): typeof WebSocket {
  return class WebSocket extends OneLifeSocket {
    constructor(url: Path, protocols?: Protocols) {
      super(driver, spares, url, protocols);
    }
  } as unknown as typeof globalThis.WebSocket;
}

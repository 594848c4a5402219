// The bare WebSockets of one socket that an app holds. The driver says when one is opened and which one takes over.
import type { Driver, WebSocketClass } from "./driver.js";
import type { Sendable } from "./queue.js";
import { protocolsOf, type Route } from "./rules.js";

/** A value, or a function that is asked for it anew each time it is needed. */
export type Provided<Value> = Value | (() => Value | PromiseLike<Value>);

/** Where a socket leads at an endpoint. */
export type Path = string | URL | null | undefined;

/** Which subprotocols are offered. */
export type Protocols = string | string[] | null | undefined;

/** Where a socket's legs lead, and what they are. */
export interface LegOptions {
  readonly path: Provided<Path>;
  readonly protocols: Provided<Protocols>;
  /** The class to use where the platform has none, such as that of `ws` in Node 20. */
  readonly webSocket: WebSocketClass | undefined;
  /** For how many milliseconds a leg may be opening, if less than the driver's time. */
  readonly timeout?: number | undefined;
}

/** A bare WebSocket of a socket. */
export interface Leg {
  id: number;
  /** The name of the endpoint that it goes to. */
  readonly endpoint: string;
  socket?: WebSocket;
  /** What has arrived before it took over. */
  kept?: MessageEvent[] | undefined;
  /** Sees what is kept. */
  keeping?: (event: MessageEvent) => void;
  /** When something last arrived; before that, when it took over or was begun. */
  heard: number;
  /** When something that has arrived was last reported. */
  reported: number;
  /** When something that was sent was last reported. */
  asked: number;
  /** How many bytes were handed to it that did not leave at once. */
  handed: number;
  /** What the app is asked for, while it is. */
  awaits?: string | undefined;
  timer?: ReturnType<typeof setTimeout>;
}

/** How a leg has ended. */
export type LegEnd = Pick<CloseEvent, "code" | "reason" | "wasClean">;

/** Whose legs they are. */
export interface LegsOwner {
  /** A link holds the legs from now on. */
  linked?(): void;
  /** A leg is about to be opened. */
  opening?(leg: Leg): void;
  /** A leg is open. It may take over as soon as what this returns has happened. */
  opened?(leg: Leg): Promise<unknown> | undefined;
  /** A leg is about to take over from another one that is open. True if the app is to notice: then the old one has its say, and is `left`. */
  leaving?(leg: Leg): boolean;
  /** From the leg that messages went over nothing comes any more. It was closed like this, for one to that endpoint. */
  left?(before: Leg, endpoint: string, farewell: Farewell | undefined): void;
  /** Messages go over this leg from now on; so far they went over `before`, if that was not left. */
  promoted(leg: Leg, before: Leg | undefined): void;
  /** A leg that was to take over from the one that messages go over did not come about, by the app's own doing. */
  moveFailed?(to: string, error: unknown): void;
  /** Nothing is about to take over from the leg that messages go over. */
  stays?(): void;
  /** Something has arrived. */
  message(event: MessageEvent, leg: Leg): void;
  /** A check has found this endpoint well. */
  passed?(endpoint: string): void;
  /** The app's network is down, or no endpoint is healthy. */
  unavailable?(): void;
  /** The link has been stopped. */
  stopped(): void;
  /** There will be no link, and no other leg. The one that there was may be `over` already. */
  abandoned?(error: Error, over: boolean): void;
  /** No leg is open: the one that was has closed, or one could not be opened. The error is there unless the server closed it. */
  ended(end: LegEnd, error: unknown, endpoint: string): void;
}

/** A code and a reason to close with. */
export type Farewell = readonly [code: number, reason?: string | undefined];

const NORMAL: Farewell = [1000];

/** The close code of a socket that broke off (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

/** What is reported of a leg for which the app's own functions gave nothing to open: an application's code, which blames no server. */
const NOT_ASKED_FOR = 4000;

/** How long a socket may take to close, in milliseconds. The code of a close that comes in time is the one that counts. */
export const CLOSE_WITHIN = 2_000;

/** For how many milliseconds a socket waits for the leg that it has asked for, before it makes do with the old one. */
export const RENEWED_WITHIN = 2_000;

/** The driver is told of arriving and of sent messages no more often than this, in milliseconds: that there are some is all it needs. */
const REPORT_EVERY = 250;

/** Long enough ago for the next report, whatever the time is. */
const NEVER = -REPORT_EVERY;

/** How a socket has ended that did not close. */
export const broken = (reason = ""): LegEnd => ({ code: ABNORMAL, reason, wasClean: false });

/** What is wrong where there is no class to make legs of. */
export const noWebSocket = () => new TypeError("steadfast: no WebSocket here; pass a class as `WebSocket`, such as that of ws");

const ask = <Value>(provided: Provided<Value>) => (typeof provided === "function" ? (provided as () => Value | PromiseLike<Value>)() : provided);

export class Legs {
  /** The socket's number at the driver, once that has given it one. */
  number = -1;
  /** Those that are opening or open, by their numbers. */
  readonly all = new Map<number, Leg>();
  /** Over which messages go. */
  current: Leg | undefined;
  /** Over which messages went last. */
  last: Leg | undefined;
  /** What arrives is kept until somebody can be told. */
  paused = false;
  /** What the owner is told when the leg that is being left has had its say. */
  waits: (() => void)[] | undefined;
  /** With which code and reason the next leg is closed that another one replaces. */
  farewell: Farewell | undefined;
  readonly #driver: Driver;
  readonly #options: LegOptions;
  readonly #webSocket: WebSocketClass;
  readonly #route: Route | undefined;
  readonly #protocols: string[] | undefined;
  /** Legs that have been replaced and have not closed yet: what their server had sent before is the app's. */
  readonly #replaced = new Set<Leg>();
  #binaryType: BinaryType = "blob";
  #closing: Leg | undefined;

  /** @throws a SyntaxError if path or protocols are wrong, a TypeError if there is no WebSocket. */
  constructor(
    driver: Driver,
    options: LegOptions,
    public owner: LegsOwner,
  ) {
    const webSocket = options.webSocket ?? driver.webSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
    if (!webSocket) throw noWebSocket();
    this.#driver = driver;
    this.#options = options;
    this.#webSocket = webSocket;
    if (typeof options.path !== "function") this.#route = driver.route(options.path);
    if (typeof options.protocols !== "function") this.#protocols = protocolsOf(options.protocols);
  }

  /** Where a leg would lead now, as far as that is known. */
  get url(): string {
    return this.last?.socket?.url ?? (this.#route ?? String)(this.#driver.connect);
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type;
    for (const { socket } of this.all.values()) if (socket) socket.binaryType = type;
  }

  /** Sees whether the leg that carries messages is about to close: that may take half a minute (`ws`), and is given two seconds. */
  look(): void {
    const leg = this.current;
    if (leg?.socket?.readyState !== 2 || this.#closing === leg) return;
    this.#closing = leg;
    setTimeout(() => this.#ended(leg, broken()), CLOSE_WITHIN);
  }

  /** Opens a leg. */
  open(id: number, endpoint: string, connect: string): Leg {
    const leg: Leg = { id, endpoint, kept: [], heard: performance.now(), reported: NEVER, asked: NEVER, handed: 0 };
    this.all.set(id, leg);
    this.owner.opening?.(leg);
    const begin = (path: Path, protocols: Protocols) => {
      const url = (this.#route ?? this.#driver.route(path))(connect);
      const list = this.#protocols ?? protocolsOf(protocols);
      if (this.#isOurs(leg)) this.#begin(leg, url, list);
    };
    const fail = (error: unknown) => this.#ended(leg, broken(), error, NOT_ASKED_FOR);
    try {
      const path = this.#route ? undefined : ask(this.#options.path);
      const protocols = this.#protocols ?? ask(this.#options.protocols);
      // What needs no waiting is opened at once.
      if (isAwaited(path) || isAwaited(protocols)) {
        this.#await(leg, "the function for URL or protocols");
        Promise.all([path, protocols])
          .then((given) => {
            begin(...given);
            leg.awaits = undefined;
            if (this.#isOurs(leg)) this.#driver.tell({ message: "begun", id: leg.id });
          })
          .catch(fail);
      } else begin(path, protocols);
    } catch (error) {
      // Not before whoever has just made the socket can listen.
      queueMicrotask(() => fail(error));
    }
    return leg;
  }

  /** Reports that it is the app's turn. */
  #await(leg: Leg, what: string): void {
    leg.awaits = what;
    this.#driver.tell({ message: "awaitsApp", id: leg.id });
  }

  #begin(leg: Leg, url: string, protocols: string[]): void {
    const { timeout } = this.#options;
    let socket: WebSocket;
    try {
      socket = new this.#webSocket(url, protocols);
    } catch (error) {
      // A URL that the platform refuses, as an insecure one on a secure page: to the engine, one that did not open.
      queueMicrotask(() => this.#ended(leg, broken(), error, null));
      return;
    }
    leg.socket = socket;
    socket.binaryType = this.#binaryType;
    socket.onopen = () => {
      clearTimeout(leg.timer);
      const wait = this.owner.opened?.(leg);
      const opened = () => {
        leg.awaits = undefined;
        if (this.#isOurs(leg)) this.#driver.tell({ message: "opened", id: leg.id });
      };
      if (!wait) opened();
      else {
        this.#await(leg, "the listener of migrate");
        wait.then(opened, (error) => {
          this.#ended(leg, broken(), error, NOT_ASKED_FOR);
          socket.close(1000);
        });
      }
    };
    socket.onmessage = (event) => {
      const now = performance.now();
      leg.heard = now;
      if (now - leg.reported >= REPORT_EVERY) {
        leg.reported = now;
        this.#driver.tell({ message: "received", id: leg.id });
      }
      if (leg.kept) {
        leg.kept.push(event);
        leg.keeping?.(event);
      } else this.owner.message(event, leg);
    };
    // The close that follows an error has no code of its own, and comes half a minute later in `ws`.
    socket.onerror = (event) => {
      const { error, message } = event as Partial<ErrorEvent>;
      this.#ended(leg, broken(), error ?? new Error(message || `steadfast: no connection to ${leg.endpoint}`));
    };
    socket.onclose = (event) => this.#ended(leg, event);
    if (timeout && timeout < Number.POSITIVE_INFINITY) {
      leg.timer = setTimeout(() => {
        this.#ended(leg, broken("timeout"), new Error("TIMEOUT"));
        socket.close(1000);
      }, timeout);
    }
  }

  /** Sends a message over a leg. */
  send(leg: Leg, data: Sendable): void {
    const { socket } = leg;
    const before = socket?.bufferedAmount ?? 0;
    socket?.send(data as string);
    leg.handed += (socket?.bufferedAmount ?? 0) - before;
    const now = performance.now();
    if (now - leg.asked < REPORT_EVERY) return;
    leg.asked = now;
    // How soon the answer comes is of interest: what arrives next is reported in any case.
    leg.reported = NEVER;
    this.#driver.tell({ message: "sent", id: leg.id });
  }

  /** Lets a leg take over. */
  promote(id: number): void {
    const leg = this.all.get(id);
    if (!leg) return;
    const before = this.waits ? undefined : this.current;
    this.current = leg;
    this.last = leg;
    leg.heard = performance.now();
    this.#tell(() => {
      if (this.current !== leg) return;
      this.owner.promoted(leg, before);
      // The engine may still have to say why.
      queueMicrotask(() => this.deliver(leg));
    });
  }

  /** Tells the owner, in its turn. */
  #tell(what: () => void): void {
    if (this.waits) this.waits.push(what);
    else what();
  }

  /** Delivers what has arrived before the leg took over. */
  deliver(leg: Leg): void {
    while (!this.paused && leg === this.current && leg.kept?.length) this.owner.message(leg.kept.shift() as MessageEvent, leg);
    if (!this.paused) leg.kept = undefined;
  }

  /** Closes a leg. */
  disconnect(id: number, reason: string): void {
    const leg = this.all.get(id);
    if (!leg) return;
    // One that never took over has said nothing to the app, and goes on to say nothing.
    if (reason !== "stopped" && !leg.kept && leg.socket) this.replace(leg, leg.socket);
    else {
      this.#forget(leg);
      leg.socket?.close(1000);
    }
    if (reason !== "timeout") return;
    const error = new Error(leg.awaits ? `steadfast: ${leg.awaits} is late` : "TIMEOUT");
    if (!this.current) this.#tell(() => this.owner.ended(broken("timeout"), error, leg.endpoint));
    else if (leg.awaits) this.owner.moveFailed?.(leg.endpoint, error);
  }

  /** Closes a leg that another one replaces. What its server has sent before is the app's. */
  replace(leg: Leg, socket: WebSocket, closed?: () => void): void {
    const farewell = this.farewell ?? NORMAL;
    this.#forget(leg);
    this.farewell = undefined;
    this.#replaced.add(leg);
    socket.onmessage = (event) => this.owner.message(event, leg);
    socket.onclose = socket.onerror = () => {
      this.#replaced.delete(leg);
      closed?.();
    };
    socket.close(...farewell);
  }

  /** Closes every leg for good, and has no more of them. Returns the one that messages went over. */
  close(code?: number, reason?: string): Leg | undefined {
    const { current } = this;
    this.#driver.release(this);
    for (const leg of [...this.all.values(), ...this.#replaced]) {
      this.#forget(leg);
      leg.socket?.close(code, reason);
    }
    this.#replaced.clear();
    this.waits = undefined;
    return current;
  }

  /** A leg has closed, or could not be opened. Only the first report counts. */
  #ended(leg: Leg, end: LegEnd, error?: unknown, code: number | null = end.code): void {
    if (!this.#isOurs(leg)) return;
    const { current } = this;
    this.#forget(leg);
    this.#driver.tell({ message: "closed", id: leg.id, code });
    if (!current || current === leg) this.#tell(() => this.owner.ended(end, error, leg.endpoint));
    else if (code === NOT_ASKED_FOR) this.owner.moveFailed?.(leg.endpoint, error);
  }

  #isOurs(leg: Leg): boolean {
    // A number may come again: the first leg of a socket that stands alone always has the same.
    return this.all.get(leg.id) === leg;
  }

  /** What becomes of it is no concern any more. Its errors are still listened to, for `ws` throws them otherwise. */
  #forget(leg: Leg): void {
    clearTimeout(leg.timer);
    this.all.delete(leg.id);
    if (this.current === leg) {
      this.current = undefined;
      this.farewell = undefined;
    }
    if (leg.socket) {
      leg.socket.onopen = null;
      leg.socket.onmessage = null;
    }
  }
}

function isAwaited<Value>(it: Value | PromiseLike<Value>): it is PromiseLike<Value> {
  return typeof (it as PromiseLike<Value> | undefined)?.then === "function";
}

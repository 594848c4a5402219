// The socket that an app holds for as long as it lives: each loss is a `close`, each new connection an `open`.

import { surface } from "../surface.js";
import type { AnyLink, Driver, WebSocketClass } from "./driver.js";
import { CloseEvent, ErrorEvent, type Listener, MigrateEvent, type SocketEvents, type SocketStop } from "./events.js";
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState, SocketFace } from "./face.js";
import { type Leg, type LegEnd, Legs, type LegsOwner, type Path, type Protocols, type Provided } from "./legs.js";
import type { Ping, PingOptions } from "./ping.js";
import { Queue, type QueueOptions, type Sendable } from "./queue.js";
import { checkClose } from "./rules.js";

/** How a socket is held. */
export interface SocketOptions extends QueueOptions {
  /** The class of the bare WebSockets, where the platform has none, such as that of `ws` in Node 20. */
  WebSocket?: WebSocketClass | undefined;
  /** A listener of the event `migrate`, whose promise is waited for. */
  migrate?: ((event: MigrateEvent) => unknown) | undefined;
  /** Close codes that end it, for another attempt would meet the same; by default 4401 and 4403. */
  stopCodes?: readonly number[] | undefined;
  /** How a connection on which nothing arrives is asked for a sign of life. By default it is not. */
  ping?: PingOptions | undefined;
  /** For how many milliseconds an attempt may last, if less than the config's `connectTimeout`. */
  connectionTimeout?: number | undefined;
  /** How many times in a row it is tried again; by default for ever. */
  maxRetries?: number | undefined;
  /** After how many milliseconds a connection counts as one that has worked: then `retryCount` begins anew. By default 5000. */
  minUptime?: number | undefined;
  /** Does not connect before `reconnect()` is called. */
  startClosed?: boolean | undefined;
  /** Whether it connects again after this close; by default it does. */
  shouldReconnectOnClose?: ((event: CloseEvent) => boolean) | undefined;
  /** Logs what happens. */
  debug?: boolean | undefined;
  /** Where to; by default to the console. */
  debugLogger?: ((...things: unknown[]) => void) | undefined;
}

/** What an HTTP status of 401 or 403 is as a close code, by custom. */
const STOP_CODES: readonly number[] = [4401, 4403];

/** How `ws` words it; no other class tells the status. */
const UNAUTHORIZED = /: 40[13]$/;

/** A server that goes away and has others take over (IANA registry of close codes: service restart). */
const MOVED = 1012;

const wrapped = new WeakMap<Listener, (event: Event) => void>();

/** The listener of `migrate` whose work is waited for. */
function awaited(listener: Listener): (event: Event) => void {
  let waiting = wrapped.get(listener);
  if (!waiting) {
    waiting = (event) => {
      const work = async () => (typeof listener === "function" ? listener.call(event.currentTarget as EventTarget, event) : listener.handleEvent(event));
      (event as MigrateEvent).waitUntil(work());
    };
    wrapped.set(listener, waiting);
  }
  return waiting;
}

/** A WebSocket that survives its server. */
export class SteadfastSocket extends SocketFace {
  declare onmigrate: ((this: WebSocket, event: MigrateEvent) => unknown) | null;
  /** @internal */
  protected readonly legs: Legs;
  readonly #driver: Driver;
  readonly #options: SocketOptions;
  readonly #queue: Queue;
  /** There is none before there is a link, which alone can replace a leg. */
  #ping: Ping | undefined;
  #state: ReadyState = CONNECTING;
  /** How many attempts followed the first one since a connection has worked. */
  #retries = -1;
  #openSince = Number.POSITIVE_INFINITY;
  #last: string | undefined;
  #dropped = 0;
  #telling = false;
  /** Nothing will replace the connection. */
  #isLast = false;
  /** Sending is in vain, and nobody has said so yet. */
  #isInVain = false;
  /** The leg that the app has prepared for its take-over. */
  #prepared: Leg | undefined;

  /** @internal */
  constructor(driver: Driver, path: Provided<Path>, protocols: Provided<Protocols>, options: SocketOptions) {
    super();
    const { WebSocket: webSocket, connectionTimeout: timeout, migrate } = options;
    const owner: LegsOwner = {
      linked: () => {
        this.#ping = options.ping && this.link?.sockets.ping(options.ping);
        this.#ping?.follow(this.legs.current);
      },
      opening: () => {
        if (this.legs.current) return;
        this.#retries += 1;
        this.#debug("connect", this.#retries);
      },
      opened: (leg) => this.#opened(leg),
      leaving: (leg) => {
        if (this.#prepared === leg) return false;
        this.#state = CLOSING;
        this.#ping?.follow();
        return true;
      },
      left: (before, endpoint, [code, reason = ""] = [MOVED, before.endpoint === endpoint ? "replaced" : "moved to another server"]) => {
        this.#state = CONNECTING;
        this.#dispatchClose({ code, reason, wasClean: true });
      },
      promoted: (leg, before) => this.#promoted(leg, before),
      stays: () => this.#stays(),
      moveFailed: (to, error) => this.#dispatch("moveFailed", { to, error }),
      message: (event, leg) => {
        if (!this.#ping?.isAnswer(event.data)) this.deliver(event, leg);
      },
      ended: (end, error) => this.#ended(end, error),
      stopped: () => this.close(1000, "the link has been stopped"),
      abandoned: (error, over) => this.#abandoned(error, over),
    };
    this.#driver = driver;
    this.#options = options;
    this.#queue = new Queue(options);
    this.legs = new Legs(driver, { path, protocols, webSocket, timeout }, owner);
    if (migrate) this.addEventListener("migrate", migrate);
    if (options.startClosed) this.#state = CLOSED;
    else driver.hold(this.legs);
  }

  /** The link that it follows; `null` until there is one. */
  get link(): AnyLink | null {
    return this.#driver.link;
  }

  /** The name of the endpoint that messages go to; `null` while there is none. */
  get endpoint(): string | null {
    return this.legs.current?.endpoint ?? null;
  }

  get readyState(): ReadyState {
    return this.#state;
  }

  /** How many times in a row it was tried again. */
  get retryCount(): number {
    return this.#hasWorked() ? 0 : Math.max(this.#retries, 0);
  }

  /** Whether a lost connection is followed by another one. */
  get shouldReconnect(): boolean {
    return this.#state !== CLOSED;
  }

  /** How many bytes have not been handed to the network yet, those in the queue included. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.legs.current?.socket?.bufferedAmount ?? 0);
  }

  /**
   * Sends a message, at once or when there is a connection again.
   *
   * @returns `true` if it was sent, `false` if it was queued or, as the event `queue` tells, there was no room.
   */
  send(data: Sendable): boolean {
    const { current } = this.legs;
    if (this.#state === OPEN && current?.socket?.readyState === OPEN) {
      this.legs.send(current, data);
      return true;
    }
    if (this.#isInVain) console.warn("steadfast: send() was called after close(); it waits for reconnect()");
    this.#isInVain = false;
    this.legs.look();
    this.#dropped += this.#queue.add(data);
    this.#tellQueue();
    return false;
  }

  /** Closes it for good, and dispatches `close` at once. What has not been sent waits for a {@link reconnect}; the event `queue` tells of it. */
  close(code = 1000, reason = ""): void {
    checkClose(code, reason);
    if (this.#state === CLOSED) return;
    this.#isInVain = true;
    this.#end(code, reason);
    this.#dispatchClose({ code, reason, wasClean: true });
    if (this.#queue.length) this.#tellQueue(true);
  }

  /** Replaces the connection by another one to the same endpoint, as when it seems dead. One that was closed or has stopped begins anew. */
  reconnect(code = 1000, reason?: string): void {
    checkClose(code, reason);
    this.#retries = -1;
    this.#isLast = this.#isInVain = false;
    if (this.#state === CLOSED) {
      this.#driver.hold(this.legs);
      this.#state = CONNECTING;
    } else {
      if (this.legs.current) {
        this.legs.farewell = [code, reason];
        // What is sent from now on is meant for the next connection.
        this.#state = CLOSING;
      }
      this.#driver.reconnect(this.legs);
    }
  }

  /** Takes back what was to be sent and was not. */
  drainQueuedMessages(): Sendable[] {
    return this.#queue.drain();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  override addEventListener<Name extends keyof SocketEvents>(
    type: Name,
    listener: ((event: SocketEvents[Name]) => unknown) | { handleEvent(event: SocketEvents[Name]): unknown } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(type: string, listener: Listener | null, options?: boolean | AddEventListenerOptions): void;
  override addEventListener(type: string, listener: Listener | null, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener && type === "migrate" ? awaited(listener) : listener, options);
  }

  override removeEventListener<Name extends keyof SocketEvents>(
    type: Name,
    listener: ((event: SocketEvents[Name]) => unknown) | { handleEvent(event: SocketEvents[Name]): unknown } | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(type: string, listener: Listener | null, options?: boolean | EventListenerOptions): void;
  override removeEventListener(type: string, listener: Listener | null, options?: boolean | EventListenerOptions): void {
    super.removeEventListener(type, listener && type === "migrate" ? awaited(listener) : listener, options);
  }

  /** A leg is open beside the one that messages go over. The hook may prepare it, and is waited for. */
  #opened(leg: Leg): Promise<unknown> | undefined {
    const { current } = this.legs;
    if (!current) return undefined;
    const event = new MigrateEvent(current, leg);
    this.dispatchEvent(event);
    if (!event.waits.length) return undefined;
    this.#prepared = leg;
    return this.link?.sockets.prepared(leg, event.waits);
  }

  /** What has waited for the next leg in vain goes out over the one that there is. */
  #stays(): void {
    if (this.#state === CLOSING && this.legs.current) this.#serve(this.legs.current);
  }

  /** What waits goes out over this leg, and what is sent from now on. */
  #serve(leg: Leg): void {
    if (this.#queue.length) {
      this.#queue.flush((data) => {
        if (leg.socket?.readyState !== OPEN) return false;
        try {
          this.legs.send(leg, data);
        } catch (problem) {
          // It would be in the way of all others.
          this.#dropped += 1;
          surface(problem);
        }
        return true;
      });
      this.#tellQueue();
    }
    this.#state = OPEN;
  }

  #promoted(leg: Leg, before: Leg | undefined): void {
    const { endpoint } = leg;
    this.#debug("open", endpoint);
    this.#openSince = performance.now();
    this.#serve(leg);
    this.#ping?.follow(leg);
    if (!before) this.dispatchEvent(new Event("open"));
    const from = this.#last;
    this.#last = endpoint;
    if (from === undefined || from === endpoint) return;
    // By then the engine has said why.
    queueMicrotask(() => this.#dispatch("switch", { from, to: endpoint, reason: this.link?.sockets.reason(endpoint) ?? null }));
  }

  #ended(end: LegEnd, error: unknown): void {
    if (this.#hasWorked()) this.#retries = 0;
    this.#openSince = Number.POSITIVE_INFINITY;
    this.#state = CONNECTING;
    this.#ping?.follow();
    const event = new CloseEvent("close", end);
    const message = (error as Error | undefined)?.message ?? String(error);
    const reason = this.#whyStop(event, message);
    if (reason) this.#end();
    if (error !== undefined) this.#dispatchError(message, error);
    this.#dispatchClose(end, event);
    if (reason) this.#dispatchStop(reason, end.code);
  }

  #abandoned(error: Error, over: boolean): void {
    this.#isLast = true;
    if (over) this.#end();
    else this.#stays();
    this.#dispatchError(error.message, error);
    if (over) this.#dispatchStop("notLoaded", 1006);
  }

  #whyStop(event: CloseEvent, message: string): SocketStop["reason"] | undefined {
    const { maxRetries = Number.POSITIVE_INFINITY, shouldReconnectOnClose, stopCodes = STOP_CODES } = this.#options;
    if (this.#isLast) return "notLoaded";
    if (stopCodes.includes(event.code)) return "closeCode";
    if (UNAUTHORIZED.test(message)) return "unauthorized";
    if (this.#retries >= maxRetries) return "maxRetries";
    try {
      return shouldReconnectOnClose?.(event) === false ? "shouldReconnectOnClose" : undefined;
    } catch (problem) {
      surface(problem);
      return undefined;
    }
  }

  #end(code?: number, reason?: string): void {
    this.#state = CLOSED;
    this.#openSince = Number.POSITIVE_INFINITY;
    this.#ping?.follow();
    this.legs.close(code, reason);
  }

  #hasWorked(): boolean {
    return performance.now() - this.#openSince >= (this.#options.minUptime ?? 5_000);
  }

  #dispatchError(message: string, error: unknown): void {
    this.#debug("error", message);
    this.dispatchEvent(new ErrorEvent("error", { message, error }));
  }

  #dispatchClose(end: LegEnd, event = new CloseEvent("close", end)): void {
    this.#debug("close", end.code, end.reason);
    this.dispatchEvent(event);
  }

  #dispatchStop(reason: SocketStop["reason"], code: number): void {
    // A listener of what came before may have called `reconnect`.
    if (this.#state === CLOSED) this.#dispatch("stop", { reason, code });
  }

  #dispatch<Name extends "switch" | "queue" | "stop" | "moveFailed">(type: Name, detail: SocketEvents[Name]["detail"]): void {
    this.#debug(type, detail);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Tells of the queue, once for all that has changed in the same moment. */
  #tellQueue(now = false): void {
    const tell = () => {
      this.#telling = false;
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#dispatch("queue", { messages: this.#queue.length, bytes: this.#queue.bytes, dropped });
    };
    if (now) tell();
    else if (!this.#telling) {
      this.#telling = true;
      queueMicrotask(tell);
    }
  }

  #debug(...things: unknown[]): void {
    const { debug, debugLogger = console.log } = this.#options;
    if (debug) debugLogger("steadfast>", ...things);
  }
}

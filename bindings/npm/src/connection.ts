import type { Core } from "./core.js";

/** What can be sent over a connection. */
export type Sendable = string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>;

/** A class with the interface of the platform's `WebSocket`. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket;

/** How a connection is held, and who is told what. */
export interface ConnectOptions {
  /** Called with the data of each message. */
  onMessage?(data: string | ArrayBuffer, endpoint: string): void;
  /** Called when messages go to this endpoint from now on. */
  onOpen?(endpoint: string): void;
  /** Called when there is no connection for the moment; Steadfast is already seeing to another. */
  onClose?(endpoint: string, code: number): void;
  /** WebSocket subprotocols. */
  protocols?: string | string[];
  /** The class to use where the platform has none, such as that of `ws` in Node 20. */
  webSocket?: WebSocketClass;
}

/** A socket of a connection, and the endpoint that it goes to. */
interface Leg {
  readonly socket: WebSocket;
  readonly endpoint: string;
  /** It has ended; only the first report counts. */
  ended(code: number): void;
}

/** What a subprotocol may be (RFC 6455, section 4.1). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The close code of a socket that broke off (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

/** How long a socket may take to close, in milliseconds. The code of a close that comes in time is the one that counts. */
const CLOSE_WITHIN = 2_000;

/** Steadfast is told of arriving messages no more often than this, in milliseconds: that there are some is all it needs. */
const REPORT_EVERY = 250;

/**
 * A connection that follows the active endpoint: it moves by opening the new socket before it closes the old one.
 *
 * What is sent while none is open is not kept; {@link Connection.send} says so.
 */
export class Connection {
  readonly #core: Core;
  readonly #options: ConnectOptions;
  readonly #webSocket: WebSocketClass;
  readonly #legs = new Map<number, Leg>();
  /** Sockets that have been replaced and have not closed yet: what their server had sent before is the app's. */
  readonly #replaced = new Set<WebSocket>();
  readonly #closed: () => void;
  #current: number | undefined;
  #closing: Leg | undefined;
  #reported = Number.NEGATIVE_INFINITY;

  /** @internal `closed` is called once the app has closed it. */
  constructor(core: Core, options: ConnectOptions, closed: () => void) {
    for (const protocol of [options.protocols ?? []].flat()) {
      if (!TOKEN.test(protocol)) throw new SyntaxError(`steadfast: "${protocol}" is no subprotocol; allowed: letters, digits and !#$%&'*+-.^_\`|~`);
    }
    const webSocket = options.webSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
    if (!webSocket) throw new TypeError("steadfast: there is no WebSocket here; pass a class as `webSocket`, such as that of the package ws");
    this.#core = core;
    this.#options = options;
    this.#webSocket = webSocket;
    this.#closed = closed;
  }

  /** The endpoint that messages go to, or `null` while there is none. */
  get endpoint(): string | null {
    return this.#leg?.endpoint ?? null;
  }

  /** Sends a message; `false` if there is no open socket to send it over. */
  send(data: Sendable): boolean {
    const leg = this.#leg;
    if (leg?.socket.readyState === 1) {
      leg.socket.send(data as string);
      return true;
    }
    this.look();
    return false;
  }

  /** Replaces the open socket by another one to the same endpoint, as when a heartbeat of the app's own goes unanswered. */
  reconnect(): void {
    this.#core.send({ message: "reconnect", socket: 0 });
  }

  /** Closes the connection for good; the link goes on watching, and may hold another one. */
  close(): void {
    this.#closed();
    for (const id of [...this.#legs.keys()]) this.disconnect(id, "stopped");
    for (const socket of this.#replaced) socket.onmessage = null;
    this.#replaced.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #leg(): Leg | undefined {
    return this.#current === undefined ? undefined : this.#legs.get(this.#current);
  }

  /** @internal Sees whether the socket that carries messages is about to close: that may take half a minute (`ws`), and is given two seconds. */
  look(): void {
    const leg = this.#leg;
    if (leg?.socket.readyState !== 2 || this.#closing === leg) return;
    this.#closing = leg;
    setTimeout(() => leg.ended(ABNORMAL), CLOSE_WITHIN);
  }

  /** @internal Opens a socket. */
  open(id: number, endpoint: string, url: string): void {
    let socket: WebSocket;
    try {
      socket = new this.#webSocket(url, this.#options.protocols);
    } catch {
      // A URL that the platform refuses, as an insecure one on a secure page: to the engine, one that did not open.
      this.#core.send({ message: "closed", id, code: null });
      return;
    }
    socket.binaryType = "arraybuffer";
    const ended = (code: number) => {
      if (!this.#legs.delete(id)) return;
      socket.onmessage = null;
      this.#core.send({ message: "closed", id, code });
      if (this.#current === id) {
        this.#current = undefined;
        this.#options.onClose?.(endpoint, code);
      }
    };
    this.#legs.set(id, { socket, endpoint, ended });
    socket.onopen = () => this.#core.send({ message: "opened", id });
    socket.onmessage = ({ data }) => {
      this.#report(id);
      this.#options.onMessage?.(data, endpoint);
    };
    // The close that follows an error has no code of its own, and comes half a minute later in `ws`.
    socket.onerror = () => ended(ABNORMAL);
    socket.onclose = ({ code }) => ended(code);
  }

  /** @internal Makes a socket the one that messages go over. */
  promote(id: number): void {
    this.#current = id;
    const leg = this.#leg;
    if (leg) this.#options.onOpen?.(leg.endpoint);
  }

  /** @internal Closes a socket. */
  disconnect(id: number, reason: string): void {
    const leg = this.#legs.get(id);
    if (!leg) return;
    const { socket, endpoint } = leg;
    this.#legs.delete(id);
    socket.onopen = null;
    if (reason === "stopped") {
      socket.onmessage = null;
    } else {
      // The engine has no more use for it.
      socket.onmessage = ({ data }) => this.#options.onMessage?.(data, endpoint);
      this.#replaced.add(socket);
    }
    socket.onclose = () => this.#replaced.delete(socket);
    if (this.#current === id) this.#current = undefined;
    socket.close(1000);
  }

  #report(id: number): void {
    const now = performance.now();
    if (now - this.#reported < REPORT_EVERY) return;
    this.#reported = now;
    this.#core.send({ message: "received", id });
  }
}

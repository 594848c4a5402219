import { Core } from "./core.js";
import { type LinkEvents, type Listening, NAMES, TypedEventTarget } from "./events.js";
import type { Config, Event as CoreEvent, Endpoint, Explanation } from "./generated/types/index.js";
import { load, type WasmSource } from "./load.js";
import { watchPage } from "./page.js";
import type { AnyLink, WebSocketClass } from "./socket/driver.js";
import type { Path, Protocols, Provided } from "./socket/legs.js";
import { type SocketOptions, SteadfastSocket } from "./socket/socket.js";
import { LinkSockets } from "./socket/sockets.js";
import type { Snapshot } from "./steadfast.js";
import { keyOf, Memory, type StateStorage } from "./storage.js";
import { surface } from "./surface.js";

/** How a link is started. */
export interface StartOptions {
  /** Where the WebAssembly comes from; by default, from beside the script. */
  wasm?: WasmSource;
  /**
   * Where to keep what has been learnt, so that the next start begins with the last good endpoint: `localStorage`, or any object with its
   * `getItem` and `setItem`. By default nothing is kept. It holds the endpoints' names and numbers, and no URLs.
   */
  storage?: StateStorage;
  /** The class of the sockets, where the platform has none, such as that of `ws` in Node 20. */
  WebSocket?: WebSocketClass;
  /** Under which key it is kept. By default one that holds for links with the same endpoints' names and hosts. */
  storageKey?: string;
}

/** Does `work`, and lets what it throws surface by itself. */
function safely<Arguments extends unknown[]>(work: (...given: Arguments) => void): (...given: Arguments) => void {
  return (...given) => {
    try {
      work(...given);
    } catch (problem) {
      surface(problem);
    }
  };
}

/** Sees to what a link needs to start. */
export async function prepare(config: Config, { storage, wasm, WebSocket: webSocket, storageKey = keyOf(config) }: StartOptions): Promise<Prepared> {
  const memory = storage && new Memory(storage, storageKey);
  const [saved] = await Promise.all([memory?.recall(), load(wasm)]);
  return { saved, memory, webSocket };
}

/** What a link starts with. */
export interface Prepared {
  /** What an earlier one has kept. */
  readonly saved: unknown;
  /** Where it keeps the like. */
  readonly memory: Memory | undefined;
  /** The class of the sockets, if it is not the platform's. */
  readonly webSocket: WebSocketClass | undefined;
}

/** What every entry's links do. */
export class Link<State extends Snapshot> extends TypedEventTarget {
  /** @internal */
  protected readonly core: Core;
  readonly #endWatching: () => void;
  readonly #subscribers = new Set<() => void>();
  /** Who waits for a check, by the number of their request: one that the check answers, or a later one, ends the wait. */
  #waiting: { request: number; resolve(check: LinkEvents["check"]): void; reject(reason: Error): void }[] = [];
  /** How often a check was asked for. The engine counts alike. */
  #requests = 0;
  /** @internal */
  readonly sockets: LinkSockets;
  #snapshot: State | undefined;
  #telling = false;
  /** @internal */
  protected stopped = false;

  /** @internal */
  constructor(config: Config, { saved, memory, webSocket }: Prepared) {
    super();
    this.core = new Core(config, saved, {
      persist: safely(() => void memory?.keep(() => this.core.ask({ query: "save" }))),
      connect: safely((id: number, socket: number, endpoint: string, url: string) => this.sockets.open(id, socket, endpoint, url)),
      promote: safely((id: number) => this.sockets.promote(id)),
      disconnect: safely((id: number, reason: string) => this.sockets.disconnect(id, reason)),
      emit: safely((event: CoreEvent) => this.#tell(event)),
      said: () => {
        // What it looked like at the end stays readable.
        if (!this.stopped) this.#snapshot = undefined;
      },
    });
    this.sockets = new LinkSockets(this as unknown as AnyLink, this.core, webSocket);
    this.#endWatching = watchPage((message) => this.core.send(message));
  }

  /** The endpoint that the app should be connected to. There is always exactly one. */
  get active(): State["endpoints"][number] {
    const { active, endpoints } = this.state;
    // The core guarantees that the active endpoint is one of them.
    return endpoints.find(({ name }) => name === active) as State["endpoints"][number];
  }

  /** Everything that is known at this moment. The same object until something changes. */
  get state(): State {
    this.#snapshot ??= this.#look();
    return this.#snapshot;
  }

  #look(): State {
    const snapshot: Snapshot = this.core.ask({ query: "snapshot" });
    // What more there is in it is what the entry's engine knows.
    return snapshot as State;
  }

  /** The same as {@link state}, as a function for UI frameworks (React's `useSyncExternalStore`, Svelte stores and the like). */
  readonly getSnapshot = (): State => this.state;

  /** Calls `changed` whenever {@link getSnapshot} has something new. Returns the end of it. */
  readonly subscribe = (changed: () => void): (() => void) => {
    this.#subscribers.add(changed);
    return () => this.#subscribers.delete(changed);
  };

  /** Checks the active endpoint at once, even while the page is hidden. */
  checkNow(): Promise<LinkEvents["check"]> {
    return new Promise((resolve, reject) => {
      const core = this.running;
      this.#requests += 1;
      this.#waiting.push({ request: this.#requests, resolve, reject });
      core.send({ message: "checkNow" });
    });
  }

  /**
   * Ranks this endpoint first from now on, and moves to it as soon as it is healthy; `null` takes that back.
   *
   * @throws RangeError if no endpoint has that name.
   */
  prefer(name: string | null): void {
    if (this.stopped) return;
    this.core.send({ message: "prefer", endpoint: name === null ? name : this.known(name) });
  }

  /** Why the engine thinks what it thinks of an endpoint (by default of the active one): the evidence that led to its last verdict, weighed. */
  explain(name: string = this.active.name): Explanation {
    return this.running.ask({ query: "explain", endpoint: this.known(name) });
  }

  /** Says that an endpoint is not to be used for a while. The app moves away from it gently. */
  beginMaintenance(name: string): void {
    if (!this.stopped) this.core.send({ message: "beginMaintenance", endpoint: this.known(name) });
  }

  /** Says that an endpoint may be used again. The app goes back as after a failure. */
  endMaintenance(name: string): void {
    if (!this.stopped) this.core.send({ message: "endMaintenance", endpoint: this.known(name) });
  }

  /** Reports that a request of the app's own succeeded: the server did its part. */
  reportSuccess(endpoint: string): void {
    if (!this.stopped) this.core.send({ message: "reportSuccess", endpoint: this.known(endpoint) });
  }

  /** Reports that a request of the app's own failed. That is evidence against the endpoint. */
  reportFailure(endpoint: string): void {
    if (!this.stopped) this.core.send({ message: "reportFailure", endpoint: this.known(endpoint) });
  }

  /** @internal */
  protected get running(): Core {
    if (this.stopped) throw new Error("steadfast: the link has been stopped");
    return this.core;
  }

  /**
   * The name, if an endpoint has it.
   *
   * @internal
   */
  protected known(name: string): string {
    const names = this.state.endpoints.map((endpoint) => endpoint.name);
    if (!names.includes(name)) throw new RangeError(`steadfast: no endpoint is called "${name}"; there are: ${names.join(", ")}`);
    return name;
  }

  /**
   * Replaces the endpoints. Those that stay the same keep what is known of them.
   *
   * @throws {@link ConfigError} with every problem at once; nothing changes then.
   */
  setEndpoints(endpoints: Endpoint[]): void {
    if (this.stopped) return;
    this.core.send({ message: "setEndpoints", endpoints });
    this.#tellState();
  }

  /**
   * Holds a WebSocket to the active endpoint, wherever that moves, until it is closed or {@link stop}.
   *
   * @param path relative to the `connect` URL of each endpoint, or a URL of the origin of one of them, or a function that is asked for either
   * each time a connection is opened; by default that URL itself.
   * @param protocols the subprotocols, or a function as above.
   * @throws a SyntaxError if the path leads to another origin or a subprotocol has characters that are not allowed; an error if the link has
   * been stopped.
   */
  socket(path?: Provided<Path>, protocols?: Provided<Protocols>, options: SocketOptions = {}): SteadfastSocket {
    return new SteadfastSocket(this.sockets, path, protocols, options);
  }

  /**
   * A class of WebSockets that follow the link, for libraries that take such a class and reconnect by themselves. They live once, as the standard
   * has it: when the link moves, each is closed (1012), and the next one to the same place is open at once, for its connection is open already. Its
   * URL is a path, or one of the origin of an endpoint.
   */
  get WebSocket(): typeof WebSocket {
    return this.sockets.oneLife;
  }

  /** Ends everything: checks are aborted, sockets are closed, and no event of the link follows. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.#endWatching();
    this.core.send({ message: "stop" });
    this.sockets.stop();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("steadfast: the link has been stopped"));
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #tell(event: CoreEvent): void {
    this.#snapshot = undefined;
    if (event.event === "stopped") {
      // What it looked like at the end stays readable; the engine itself is let go once it is done with this call.
      this.#snapshot = this.#look();
      queueMicrotask(() => this.core.free());
      return;
    }
    if (this.stopped) return;
    this.sockets.heed(event);
    if (event.event === "check" && event.request !== null) this.#answer(event, event.request);
    const name = NAMES[event.event];
    if (name) this.dispatchEvent(new CustomEvent(name, { detail: event }));
    this.#tellState();
  }

  /** A check answers every request that was made before it began, whichever endpoint it was of. */
  #answer(check: LinkEvents["check"], last: number): void {
    const answered = this.#waiting.filter(({ request }) => request <= last);
    this.#waiting = this.#waiting.filter(({ request }) => request > last);
    for (const { resolve } of answered) resolve(check);
  }

  /** Tells of a new state once for all that happened in the same moment. */
  #tellState(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      if (this.stopped) return;
      this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
      for (const changed of this.#subscribers) safely(changed)();
    });
  }
}

/** A {@link Link} with these events and this state, to be extended. */
export type LinkTelling<Told, State extends Snapshot> = new (config: Config, prepared: Prepared) => Link<State> & Listening<Told>;

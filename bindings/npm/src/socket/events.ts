// What a socket tells. `CloseEvent` and `ErrorEvent` are the platform's where it has them: Node 20 has neither.
import type { LinkEvents } from "../events.js";
import type { Leg } from "./legs.js";

/** Who can be called when an event happens. */
export type Listener = EventListenerOrEventListenerObject;

const platform = globalThis as Partial<typeof globalThis>;

class OwnCloseEvent extends Event {
  declare readonly code: number;
  declare readonly reason: string;
  declare readonly wasClean: boolean;

  constructor(type: string, { code = 0, reason = "", wasClean = false }: CloseEventInit = {}) {
    super(type);
    Object.assign(this, { code, reason, wasClean });
  }
}

class OwnErrorEvent extends Event {
  declare readonly message: string;
  declare readonly error: unknown;

  constructor(type: string, { message = "", error }: ErrorEventInit = {}) {
    super(type);
    Object.assign(this, { message, error });
  }
}

export const CloseEvent = platform.CloseEvent ?? (OwnCloseEvent as unknown as typeof globalThis.CloseEvent);
export type CloseEvent = InstanceType<typeof globalThis.CloseEvent>;
export const ErrorEvent = platform.ErrorEvent ?? (OwnErrorEvent as unknown as typeof globalThis.ErrorEvent);
export type ErrorEvent = InstanceType<typeof globalThis.ErrorEvent>;

/** A leg is open that is to take over from one that is open still: what has to be said to the new server first can be said now. */
export class MigrateEvent extends Event {
  /** The bare WebSocket, which is open. */
  readonly socket: WebSocket;
  /** The name of the endpoint that messages go to so far. */
  readonly from: string;
  /** The name of the endpoint that they are about to go to. */
  readonly to: string;
  /**
   * What has arrived on the bare WebSocket. It is delivered to the app after the take-over: what is meant for the hook is to be taken out, which
   * `stopImmediatePropagation()` of the bare WebSocket's message does as well.
   */
  readonly messages: MessageEvent[];
  /** @internal */
  readonly waits: PromiseLike<unknown>[] = [];

  /** @internal */
  constructor(from: Leg, to: Leg) {
    super("migrate");
    this.socket = to.socket as WebSocket;
    this.from = from.endpoint;
    this.to = to.endpoint;
    this.messages = to.kept ?? [];
  }

  /**
   * Puts off the take-over until this has happened. If it fails or takes longer than the config's `connectTimeout`, the leg is given up, and the app
   * stays where it is until the next attempt. No server is blamed for it.
   */
  waitUntil(work: PromiseLike<unknown>): void {
    this.waits.push(work);
  }
}

/** The socket goes to another endpoint. */
export interface SocketSwitch {
  readonly from: string;
  readonly to: string;
  /** Why the link moved, if it is known. */
  readonly reason: LinkEvents["switch"]["reason"] | null;
}

/** What waits for a connection. */
export interface QueueState {
  /** How many messages wait. */
  readonly messages: number;
  /** How many bytes they have. */
  readonly bytes: number;
  /** How many were lost since the last event, for there was no room. */
  readonly dropped: number;
}

/** A connection that was to take over did not come about, by the app's own doing. */
export interface MoveFailure {
  /** The endpoint that it was to go to. */
  readonly to: string;
  /** What a function of the app's failed with, or that it took too long. */
  readonly error: unknown;
}

/** Why a socket connects no more, until `reconnect()`. */
export interface SocketStop {
  /**
   * The server closed it with one of `stopCodes`, refused it for who we are (401, 403), it was tried often enough, the app wants no other, or what
   * decides about another one could not be loaded (`steadfast/socket`).
   */
  readonly reason: "closeCode" | "unauthorized" | "maxRetries" | "shouldReconnectOnClose" | "notLoaded";
  /** The code of the last close. */
  readonly code: number;
}

/** What a socket tells, by the names of its events. */
export interface SocketEvents {
  /** Messages go out from now on; what was queued has gone out already. */
  open: Event;
  message: MessageEvent;
  error: ErrorEvent;
  /** There is no connection for the moment. Steadfast is already seeing to another, unless the socket was closed or stopped. */
  close: CloseEvent;
  /** A connection to another server is open and may be prepared. Without a listener, the move is a `close` (1012) and an `open`. */
  migrate: MigrateEvent;
  /** Messages go to another endpoint. */
  switch: CustomEvent<SocketSwitch>;
  /** The app's own function or listener of `migrate` has failed, or is late: the socket stays where it is, and tries again later. */
  moveFailed: CustomEvent<MoveFailure>;
  /** What waits for a connection has changed. */
  queue: CustomEvent<QueueState>;
  /** It connects no more: what has happened would happen again. */
  stop: CustomEvent<SocketStop>;
}

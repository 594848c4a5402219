/**
 * A WebSocket that survives its server, by itself: it takes the place of reconnecting-websocket's and partysocket's.
 *
 * ```ts
 * import SteadfastSocket from "steadfast/socket";
 *
 * const socket = new SteadfastSocket(["wss://a.example/live", "wss://b.example/live"]);
 * socket.onmessage = ({ data }) => console.log(data);
 * ```
 *
 * Its first connection is opened at once. What decides about the following ones is loaded meanwhile.
 *
 * @module
 */
import type { Path, Protocols, Provided } from "./socket/legs.js";
import { SteadfastSocket as Surviving } from "./socket/socket.js";
import { type StandaloneOptions, settled } from "./standalone/options.js";
import { Standalone } from "./standalone/standalone.js";
import type { Urls } from "./standalone/urls.js";

export type { WasmSource } from "./load.js";
export type { AnyLink, WebSocketClass } from "./socket/driver.js";
export {
  CloseEvent,
  ErrorEvent,
  MigrateEvent,
  type MoveFailure,
  type QueueState,
  type SocketEvents,
  type SocketStop,
  type SocketSwitch,
} from "./socket/events.js";
export type { Protocols as SocketProtocols, Provided } from "./socket/legs.js";
export type { PingOptions } from "./socket/ping.js";
export type { QueueOptions, Sendable, WhenFull } from "./socket/queue.js";
export type { SocketOptions } from "./socket/socket.js";
export type { HealthOf, StandaloneOptions } from "./standalone/options.js";
export type { Urls } from "./standalone/urls.js";

/** A WebSocket that survives its server, and needs no link. */
export default class SteadfastSocket extends Surviving {
  /**
   * Connects to the first of these URLs at once.
   *
   * @param url where to, in the order of preference, or a function that is asked for it each time a connection is opened. Endpoints are called by their
   * places: "1", "2".
   * @param protocols the subprotocols, or a function as above.
   * @throws a SyntaxError if a URL or a subprotocol is wrong. What a function does wrong is an `error`.
   */
  constructor(url: Provided<Urls>, protocols?: Provided<Protocols>, options: StandaloneOptions = {}) {
    const driver = new Standalone(url, options);
    super(driver, driver.provider as Provided<Path>, protocols, settled(options));
  }
}

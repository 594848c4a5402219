// How a socket that stands alone is held, with the names that reconnecting-websocket and partysocket have for it.
import type { HealthCheck } from "../generated/types/index.js";
import type { WasmSource } from "../load.js";
import type { SocketOptions } from "../socket/socket.js";

/** A URL, which may be relative to that of the socket, or a check. */
export type HealthOf = URL | HealthCheck;

/** How a socket that stands alone is held. */
export interface StandaloneOptions extends SocketOptions {
  /**
   * How the health of the servers is checked: one URL for all, which may be relative to theirs (`"/health"`), a list in the order of theirs, or a function
   * of their URLs. Without one, a server is as well as the connections to it.
   */
  health?: HealthOf | readonly (HealthOf | undefined)[] | ((url: string) => HealthOf | undefined) | undefined;
  /** How many milliseconds pass before the first attempt to connect again; by default from 1000 to 5000, the same for all sockets of a page. */
  minReconnectionDelay?: number | undefined;
  /** How many milliseconds pass between two attempts at most; by default 10000. */
  maxReconnectionDelay?: number | undefined;
  /** How much longer each wait is than the one before; by default 1.3. */
  reconnectionDelayGrowFactor?: number | undefined;
  /** For how many milliseconds an attempt may last; by default 4000. */
  connectionTimeout?: number | undefined;
  /** Where the WebAssembly comes from; by default, from beside the script. */
  wasm?: WasmSource | undefined;
}

/** For how many milliseconds an attempt may last by default. */
export const TIMEOUT = 4_000;

/** With what the others begin what they log. */
const MARK = "RWS>";

/** The options of the socket itself. */
export function settled(options: StandaloneOptions): SocketOptions {
  const debugLogger = (_: unknown, ...things: unknown[]) => (options.debugLogger ?? console.log)(MARK, ...things);
  return { ...options, connectionTimeout: options.connectionTimeout ?? TIMEOUT, debugLogger };
}

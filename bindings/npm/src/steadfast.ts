import type { LinkEvents } from "./events.js";
import type { Config as FullConfig, EndpointState as FullEndpointState, Snapshot as FullSnapshot } from "./generated/types/index.js";
import { Link, type LinkTelling, prepare, type StartOptions } from "./link.js";

/** A config without what only `steadfast/full` can do. */
export type Config = Omit<FullConfig, "breaker" | "failureEvents" | "history" | "recovery">;

/** The state of one endpoint. */
export type EndpointState = Omit<FullEndpointState, "breaker" | "origin">;

/** The engine's state at one moment. */
export interface Snapshot extends Omit<FullSnapshot, "endpoints"> {
  /** Every endpoint, in the order of the config. */
  endpoints: EndpointState[];
}

/** A running link to a set of endpoints: it knows at any time which of them the app should be connected to. */
export class Steadfast extends (Link as LinkTelling<LinkEvents, Snapshot>) {
  /**
   * Starts watching the endpoints.
   *
   * @throws {@link ConfigError} with every problem of the config at once.
   */
  static async start(config: Config, options: StartOptions = {}): Promise<Steadfast> {
    return new Steadfast(config, await prepare(config, options));
  }
}

import type { LinkEvents } from "./events.js";
import type { Config as FullConfig } from "./generated/types/index.js";
import { Link, type LinkTelling, prepare, type StartOptions } from "./link.js";

/** A config without what only `steadfast/full` can do. */
export type Config = Omit<FullConfig, "failureEvents" | "recovery">;

/** A running link to a set of endpoints: it knows at any time which of them the app should be connected to. */
export class Steadfast extends (Link as LinkTelling<LinkEvents>) {
  /**
   * Starts watching the endpoints.
   *
   * @throws {@link ConfigError} with every problem of the config at once.
   */
  static async start(config: Config, options: StartOptions = {}): Promise<Steadfast> {
    return new Steadfast(config, await prepare(options), options.storage);
  }
}

// What the options of a socket that stands alone are to the engine.
import type { Endpoint } from "../generated/types/index.js";
import type { Config } from "../steadfast.js";
import { type StandaloneOptions, TIMEOUT } from "./options.js";

/** Drawn once for a page, so that its sockets can share a link. */
const FIRST_DELAY = 1_000 + Math.random() * 4_000;

/** Endpoints at these URLs. */
export function endpointsOf(urls: readonly string[], { health }: StandaloneOptions): Endpoint[] {
  return urls.map((connect, place) => {
    const endpoint = { name: `${place + 1}`, connect };
    const given = typeof health === "function" ? health(connect) : Array.isArray(health) ? health[place] : health;
    if (!given) return endpoint;
    const isUrl = typeof given === "string" || given instanceof URL;
    return { ...endpoint, health: isUrl ? new URL(given, connect.replace(/^ws/, "http")).href : given };
  });
}

/** The config of a link to these URLs, with what the options are in its words and within its bounds. */
export function configOf(urls: readonly string[], options: StandaloneOptions): Config {
  const { minReconnectionDelay = FIRST_DELAY, maxReconnectionDelay = 10_000, reconnectionDelayGrowFactor = 1.3, connectionTimeout = TIMEOUT } = options;
  const within = (value: number, least: number, most: number) => Math.round(Math.min(Math.max(value, least), most));
  const max = within(maxReconnectionDelay, 10, 3_600_000);
  return {
    endpoints: endpointsOf(urls, options),
    connectTimeout: within(connectionTimeout, 100, 600_000),
    retry: {
      initial: Math.min(within(minReconnectionDelay, 10, 600_000), max),
      max,
      growthPercent: within(reconnectionDelayGrowFactor * 100, 100, 1_000),
      jitterPercent: 0,
    },
  };
}

// What a socket that stands alone loads when it has opened its first connection: links, with all beneath them. Those with the same servers and settings
// share one, which ends with the last of them.
import { Steadfast } from "../steadfast.js";
import { configOf, endpointsOf } from "./config.js";
import type { StandaloneOptions } from "./options.js";

export { takeOver } from "./take-over.js";

/** A part in a link. */
export interface Part {
  readonly link: Steadfast;
  /** Has the link lead to other URLs. */
  lead(urls: readonly string[]): void;
  /** Gives up the part. */
  end(): void;
}

const links = new Map<string | symbol, { users: number; started: Promise<Steadfast> }>();

/** Takes part in a link to these URLs, or in one of its own if it is to be `alone`. */
export async function join(urls: readonly string[], options: StandaloneOptions, alone: boolean): Promise<Part> {
  const config = configOf(urls, options);
  const key = alone ? Symbol() : JSON.stringify(config);
  const { wasm } = options;
  const shared = links.get(key) ?? { users: 0, started: Steadfast.start(config, wasm === undefined ? {} : { wasm }) };
  shared.users += 1;
  links.set(key, shared);
  const end = () => {
    shared.users -= 1;
    if (!shared.users && links.get(key) === shared) links.delete(key);
    return shared.users;
  };
  try {
    const link = await shared.started;
    return {
      link,
      lead: (urls) => link.setEndpoints(endpointsOf(urls, options)),
      end: () => {
        if (!end()) link.stop();
      },
    };
  } catch (error) {
    // Whoever asks later tries anew.
    end();
    throw error;
  }
}

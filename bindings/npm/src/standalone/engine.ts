// What a socket that stands alone loads when it has opened its first connection: links, with all beneath them. Those with the same servers and settings
// share one, which ends with the last of them.
import { Steadfast } from "../steadfast.js";
import { configOf, endpointsOf } from "./config.js";
import type { StandaloneOptions } from "./options.js";

export { takeOver } from "./take-over.js";

/** A part in a link. */
export interface Part {
  readonly link: Steadfast;
  /** Has the link lead to other URLs, which the function of this socket has `given`. */
  lead(urls: readonly string[], socket: { given: unknown }): void;
  /** Gives up the part. */
  end(): void;
}

/** Which servers these are: a token in a path or a query makes no other one. */
const serversOf = (urls: readonly string[]) => `${urls.map((url) => new URL(url).origin)}`;

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
    let known = serversOf(urls);
    return {
      link,
      lead(urls, socket) {
        const servers = serversOf(urls);
        if (servers === known) return;
        // The link opens another leg in place of the one that this is the answer for. A function that names servers in turn would name another one.
        socket.given = urls;
        setTimeout(() => {
          socket.given = undefined;
        });
        link.setEndpoints(endpointsOf(urls, options));
        known = servers;
      },
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

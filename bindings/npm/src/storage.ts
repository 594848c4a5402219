import type { Config } from "./generated/types/index.js";

/** A place that outlives the page: `localStorage`, or something over IndexedDB. */
export interface StateStorage {
  /** What was kept under this key, if anything. */
  getItem(key: string): string | null | Promise<string | null>;
  /** Keeps it. */
  setItem(key: string, value: string): void | Promise<void>;
}

/** How long the start waits for what was kept, in milliseconds: a database that is blocked may never answer. */
const RECALL_WITHIN = 1_000;

/** What a link keeps in a storage. */
export class Memory {
  readonly #storage: StateStorage;
  readonly #key: string;

  constructor(storage: StateStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  /** What was kept; nothing if it cannot be read, or not soon. */
  async recall(): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, RECALL_WITHIN, null);
    });
    try {
      return JSON.parse((await Promise.race([this.#storage.getItem(this.#key), late])) ?? "null");
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Keeps it. A storage that is full or forbidden loses nothing but a better start. */
  async keep(state: () => unknown): Promise<void> {
    try {
      await this.#storage.setItem(this.#key, JSON.stringify(state()));
    } catch {
      // The next time may work.
    }
  }
}

/** A key for links with these endpoints: the names and hosts, hashed (32-bit FNV-1a), so that two services in one app do not share a memory. */
export function keyOf(config: Config): string {
  let hash = 0x811c9dc5;
  try {
    const hosts = config.endpoints?.map(({ name, connect }) => `${name} ${new URL(connect).host}`);
    for (const unit of `${hosts}`) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  } catch {
    // The engine says what is wrong with it.
  }
  return `steadfast-${(hash >>> 0).toString(16)}`;
}

/** A place that outlives the page: `localStorage`, or something over IndexedDB. */
export interface StateStorage {
  /** What was kept under this key, if anything. */
  getItem(key: string): string | null | Promise<string | null>;
  /** Keeps it. */
  setItem(key: string, value: string): void | Promise<void>;
}

const KEY = "steadfast";

/** What was kept; nothing if it cannot be read. */
export async function recall(storage: StateStorage | undefined): Promise<unknown> {
  try {
    return JSON.parse((await storage?.getItem(KEY)) ?? "null");
  } catch {
    return null;
  }
}

/** Keeps it. A storage that is full or forbidden loses nothing but a better start. */
export async function keep(storage: StateStorage | undefined, state: () => unknown): Promise<void> {
  try {
    await storage?.setItem(KEY, JSON.stringify(state()));
  } catch {
    // The next time may work.
  }
}

// Legs that are open already, for the next socket to the same place: a library that was moved opens it itself.
import type { Legs, LegsOwner } from "./legs.js";

/** For how many milliseconds they wait. */
const KEPT_FOR = 5_000;

export class Spares {
  readonly #kept = new Map<string, { legs: Legs; timer: ReturnType<typeof setTimeout> }[]>();

  /** Keeps them for a while. */
  put(key: string, legs: Legs): void {
    const drop = () => {
      clearTimeout(spare.timer);
      const others = this.#kept.get(key)?.filter((kept) => kept !== spare) ?? [];
      if (others.length) this.#kept.set(key, others);
      else this.#kept.delete(key);
    };
    const close = () => {
      drop();
      legs.close(1000);
    };
    const spare = { legs, timer: setTimeout(close, KEPT_FOR) };
    const owner: LegsOwner = { promoted() {}, message() {}, ended: close, stopped: close };
    legs.owner = owner;
    legs.paused = true;
    this.#kept.set(key, [...(this.#kept.get(key) ?? []), spare]);
  }

  /** Hands over those that have waited longest. */
  take(key: string): Legs | undefined {
    const [spare, ...others] = this.#kept.get(key) ?? [];
    if (!spare) return undefined;
    clearTimeout(spare.timer);
    if (others.length) this.#kept.set(key, others);
    else this.#kept.delete(key);
    return spare.legs;
  }
}

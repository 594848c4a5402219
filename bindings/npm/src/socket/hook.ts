// How the app prepares a leg before it takes over, and for how long: not so long that the engine blames the server.
import type { Duration } from "../generated/types/index.js";
import type { Leg } from "./legs.js";

/** The engine's default for `connectTimeout`, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/** Where no check has passed, the engine may give an attempt no longer than this, in milliseconds: an attempt is all that shows that a server hangs. */
const LEAST_PATIENCE = 1_000;

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in milliseconds. The engine has read it already. */
function millis(duration: Duration): number {
  const [, number, unit = ""] = /(\d+)\s*(\w*)/.exec(`${duration}`) ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}

/**
 * How many milliseconds a hook may take: three quarters of what the engine gives the attempt, less the time that it `took` to open. Where opening takes
 * long, the engine has learnt more patience.
 */
export function hookTime(connectTimeout: Duration = CONNECT_TIMEOUT, took: number, isChecked: boolean): number {
  const given = millis(connectTimeout);
  const least = isChecked ? given : Math.min(given, LEAST_PATIENCE);
  return Math.max(0.75 * least - took, took / 4);
}

/** Has a message that arrives meanwhile taken out of what is kept if a listener of the hook's stops it: then it was for that. */
export function letStop(leg: Leg): void {
  leg.keeping = (event) => {
    event.stopImmediatePropagation = () => {
      const index = leg.kept?.indexOf(event) ?? -1;
      if (index >= 0) leg.kept?.splice(index, 1);
      Event.prototype.stopImmediatePropagation.call(event);
    };
  };
}

/** Resolves when all work is done, and fails if that takes longer. */
export function inTime(work: readonly PromiseLike<unknown>[], within: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("steadfast: what a listener of migrate has begun took too long")), within);
    Promise.all(work)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}

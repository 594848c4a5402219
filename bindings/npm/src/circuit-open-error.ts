import type { BreakerState, Refusal } from "./generated/types/index.js";

/** A circuit breaker keeps the app from making a request that would most likely fail. */
export class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError";
  /** Whose breaker it is. */
  readonly endpoint: string;
  /** What state it is in. */
  readonly state: BreakerState;
  /** After how many milliseconds it is worth trying again; `null` if nobody knows. */
  readonly retryAfterMs: number | null;

  constructor({ endpoint, state, retryAfterMs }: Refusal) {
    super(`steadfast: the circuit breaker of ${endpoint} is ${state}${retryAfterMs === null ? "" : `; try again in ${retryAfterMs} ms`}`);
    this.endpoint = endpoint;
    this.state = state;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Steadfast with requests through circuit breakers, reports, failure events and recovery: everything of the package `steadfast`, by a larger
 * WebAssembly.
 *
 * ```ts
 * import { Steadfast } from "steadfast/full";
 *
 * const link = await Steadfast.start({ endpoints, preset: "orchestrator", recovery: { enabled: true } });
 * link.addEventListener("failure", ({ detail }) => console.log(detail.severity, detail.message));
 * link.onRecovery(async ({ strategy, endpoint }) => restart(endpoint, strategy));
 * ```
 *
 * @module
 */
import type { FullEvents } from "./events.js";
import type { Config, RecoveryAction, Report, Snapshot } from "./generated/types/index.js";
import { Link, type LinkTelling, prepare, type StartOptions } from "./link.js";
import { Permit, request } from "./requests.js";

export { CircuitOpenError } from "./circuit-open-error.js";
export * from "./common.js";
export type { FullEvents as LinkEvents } from "./events.js";
export type {
  Breaker,
  BreakerState,
  Config,
  EndpointReport,
  EndpointState,
  ErrorClass,
  ErrorCount,
  Event,
  FailureEvent,
  FailureEventKind,
  FailureEvents,
  Recovery,
  RecoveryAction,
  RecoveryStrategy,
  Refusal,
  Report,
  Severity,
  Snapshot,
} from "./generated/types/index.js";
export type { Permit } from "./requests.js";

/** A running link to a set of endpoints that also makes requests, reports, tells of failures, and has something done about them. */
export class Steadfast extends (Link as LinkTelling<FullEvents, Snapshot>) {
  /**
   * Starts watching the endpoints.
   *
   * @throws {@link ConfigError} with every problem of the config at once.
   */
  static async start(config: Config, options: StartOptions = {}): Promise<Steadfast> {
    return new Steadfast(config, await prepare(config, options));
  }

  /**
   * Requests `path` from the active endpoint, at the origin where the app connects: ws becomes http, wss becomes https. Every endpoint has a
   * circuit breaker. A request that it refuses is sent to the next-best endpoint; one that fails is, once, if its method is idempotent and its
   * body is no stream.
   *
   * A status from 500 on is a failure, and so is an `AbortSignal.timeout()`; a request that is aborted counts for nothing.
   *
   * @throws {@link CircuitOpenError} if every circuit breaker refuses, TypeError if `path` leads to another origin (as `//host` and `/\host` do)
   * or `init` is wrong, or what `fetch` throws.
   */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return request(this.running, this.active.origin, path, init);
  }

  /**
   * Permission to make a request of one's own, for clients other than `fetch`.
   *
   * @throws {@link CircuitOpenError} if the circuit breaker refuses, RangeError if no endpoint has the name `excluding`.
   */
  tryAcquire({ excluding }: { /** Not to this endpoint but to the best other one. */ excluding?: string } = {}): Permit {
    return new Permit(this.running, excluding && this.known(excluding));
  }

  /** Lets an endpoint's circuit breaker refuse every request, until {@link release}. */
  isolate(name: string): void {
    if (!this.stopped) this.core.send({ message: "isolate", endpoint: this.known(name) });
  }

  /** Lets the circuit breaker of an isolated endpoint begin anew. */
  release(name: string): void {
    if (!this.stopped) this.core.send({ message: "release", endpoint: this.known(name) });
  }

  /**
   * What the endpoints have been like in the last `period` milliseconds; by default in the last day.
   *
   * @throws RangeError if it is no positive number.
   */
  report(period = 86_400_000): Report {
    if (!(period > 0)) throw new RangeError(`steadfast: a report's period is a positive number of milliseconds, not ${period}`);
    // Longer than any history is as good as all of it.
    return this.running.ask({ query: "report", period: Math.trunc(Math.min(period, 2 ** 32 - 1)) });
  }

  /**
   * Calls `recover` with every action about a failure that is not for a client to do (a restart, one more instance). Whether it helped is what
   * it returns; what it throws is why not.
   *
   * @returns the end of it.
   */
  onRecovery(recover: (action: RecoveryAction) => Promise<boolean>): () => void {
    const act = async ({ detail: action }: CustomEvent<RecoveryAction>) => {
      if (action.ok !== null) return;
      let [ok, error] = [false, null as string | null];
      try {
        ok = await recover(action);
      } catch (problem) {
        error = String(problem);
      }
      if (!this.stopped) this.core.send({ message: "recoveryEnded", id: action.id, ok, error });
    };
    this.addEventListener("recovery", act);
    return () => this.removeEventListener("recovery", act);
  }
}

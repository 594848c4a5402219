import { CircuitOpenError } from "./circuit-open-error.js";
import type { Core } from "./core.js";
import { FIRST_SERVER_ERROR, REPEATABLE_METHODS } from "./generated/rules.js";
import type { CallOutcome, Permit as Leave } from "./generated/types/index.js";

/** Leave to make one request. Report its end: one that is never reported is taken for lost after a while. */
export class Permit {
  readonly #began = performance.now();
  readonly #core: Core;
  readonly #leave: Leave;
  #reported = false;

  /** @internal */
  constructor(core: Core, excluding?: string) {
    const leave = core.ask({ query: "permit", excluding: excluding ?? null });
    if ("state" in leave) throw new CircuitOpenError(leave);
    this.#core = core;
    this.#leave = leave;
  }

  /** To which endpoint the request may be made. */
  get endpoint(): string {
    return this.#leave.endpoint;
  }

  /** The server did its part. Only the first report counts. */
  success(): void {
    this.#end("succeeded");
  }

  /** The server did not. Only the first report counts. */
  failure(): void {
    this.#end("failed");
  }

  /** It was given up before it showed either. It counts for nothing, and its place in a half-open breaker is free again. Only the first report counts. */
  release(): void {
    this.#end("released");
  }

  #end(outcome: CallOutcome): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#core.send({ message: "callEnded", ...this.#leave, outcome, took: Math.trunc(performance.now() - this.#began) });
  }
}

/**
 * The URL of `path` at the origin where the app connects; it also answers requests there: ws becomes http, wss becomes https.
 *
 * @throws TypeError if it leads to another origin, as `//host` and `/\host` do: what goes with the request is meant for the endpoint alone.
 */
export function within(connect: string, path: string): URL {
  const base = new URL(connect.replace(/^ws/, "http"));
  const url = new URL(path, base);
  if (url.origin !== base.origin) throw new TypeError(`steadfast: "${path}" leads to another origin than ${base.origin}`);
  return url;
}

/** Asks an endpoint, and if that fails and does no harm, once more another one. `at` is where an endpoint is asked. */
export async function request(core: Core, at: (endpoint: string) => URL, init: RequestInit): Promise<Response> {
  const once = async (permit: Permit): Promise<Response> => {
    try {
      const response = await fetch(at(permit.endpoint), init);
      if (response.status >= FIRST_SERVER_ERROR) permit.failure();
      else permit.success();
      return response;
    } catch (error) {
      // Whoever gave the request up knows nothing of the server; whose patience was at an end does.
      const { signal } = init;
      if (signal?.aborted && (signal.reason as Error | undefined)?.name !== "TimeoutError") permit.release();
      else permit.failure();
      throw error;
    }
  };
  const repeatable = REPEATABLE_METHODS.includes((init.method ?? "GET").toUpperCase()) && !(init.body instanceof ReadableStream);
  const elsewhere = (first: string): Permit | undefined => {
    if (!repeatable || init.signal?.aborted) return;
    let permit: Permit | undefined;
    try {
      permit = new Permit(core, first);
      at(permit.endpoint);
      if (permit.endpoint !== first) return permit;
    } catch {
      // The others refuse as well, or a whole URL was asked for, which is of the first endpoint alone.
    }
    permit?.release();
    return;
  };

  let first: string | undefined;
  let failed: Response | undefined;
  try {
    const permit = new Permit(core);
    first = permit.endpoint;
    const response = await once(permit);
    if (response.status < FIRST_SERVER_ERROR) return response;
    failed = response;
  } catch (error) {
    const other = elsewhere(first ?? (error as CircuitOpenError).endpoint);
    if (!other) throw error;
    return once(other);
  }
  const other = elsewhere(first);
  if (!other) return failed;
  await failed.body?.cancel();
  return once(other);
}

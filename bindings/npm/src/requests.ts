import { CircuitOpenError } from "./circuit-open-error.js";
import type { Attempt, Core } from "./core.js";
import { elsewhere } from "./elsewhere.js";
import type { CallOutcome, Query } from "./generated/types/index.js";

/** Permission to make one request. Report its end: one that is never reported is taken for lost after a while. */
export class Permit {
  /** To which endpoint the request may be made. */
  readonly endpoint: string;
  /** Where that endpoint answers requests: `https://host:port`. */
  readonly origin: string;
  #attempt: Attempt | undefined;

  /** @internal */
  constructor(core: Core, excluding?: string) {
    this.#attempt = begin(core, { query: "permit", excluding: excluding ?? null });
    this.endpoint = this.#attempt.endpoint;
    this.origin = this.#attempt.origin;
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
    this.#attempt?.ended(outcome);
    this.#attempt = undefined;
  }
}

function begin(core: Core, query: Extract<Query, { query: "permit" | "call" }>): Attempt {
  const begun = core.ask(query);
  if ("state" in begun) throw new CircuitOpenError(begun);
  return begun;
}

/** Sends a request where the core says, until that says no more. `origin` is that of the active endpoint. */
export async function request(core: Core, origin: string, path: string, init: RequestInit): Promise<Response> {
  // The app's own mistakes surface before a breaker is asked. What goes with the request is meant for the endpoint alone.
  const url = new URL(path, origin);
  if (!url.href.startsWith(`${origin}/`)) throw new TypeError(elsewhere(origin));
  // A stream can be sent once: another body stands in for it, until a breaker lets the request through.
  const isStream = "duplex" in init && init.body != null;
  // One that has been read, or is being read, is refused.
  if (isStream) new Response(init.body);
  const { method } = new Request(url, isStream ? { ...init, body: "stream" } : init);
  const { signal } = init;
  signal?.throwIfAborted();
  const namesHost = new URL(path, `${url.protocol}//steadfast.invalid`).origin === origin;
  let attempt: Attempt | undefined = begin(core, namesHost ? { query: "permit", excluding: null } : { query: "call", method, replayable: !isStream });
  if (namesHost && attempt.origin !== origin) {
    // The link has just moved.
    attempt.ended("released");
    throw new TypeError(elsewhere(attempt.origin));
  }
  for (;;) {
    let response: Response;
    try {
      response = await fetch(attempt.origin + url.href.slice(origin.length), init);
    } catch (error) {
      // Whoever gave the request up knows nothing of the server; whose time is over does.
      const reason = signal?.aborted && (signal.reason?.name === "TimeoutError" ? "timedOut" : "released");
      attempt = attempt.ended(reason || "failed");
      if (!attempt) throw error;
      continue;
    }
    attempt = attempt.answered(response.status, response.url);
    if (!attempt) return response;
    response.body?.cancel().catch(() => {});
  }
}

import { Core as Engine } from "#glue";
import { makeCheck } from "./check.js";
import { ConfigError } from "./config-error.js";
import type { CallOutcome, Config, Event as CoreEvent, Explanation, Message, Query, Refusal, Report, Snapshot } from "./generated/types/index.js";

/** What executes the engine's effects. */
export interface Host {
  connect(id: number, socket: number, endpoint: string, url: string): void;
  promote(id: number): void;
  disconnect(id: number, reason: string): void;
  persist(): void;
  emit(event: CoreEvent): void;
  /** Something was said: what was known of the engine's state is old. */
  said(): void;
}

/** A request on its way to an endpoint, of the engine of `steadfast/full`. It can be used until its end is reported. */
export interface Attempt {
  readonly endpoint: string;
  readonly origin: string;
  /** It was answered with this status, from this URL. Returns where the request is to be sent again. */
  answered(status: number, url: string): Attempt | undefined;
  /** It ended otherwise. Returns where the request is to be sent again. */
  ended(outcome: CallOutcome): Attempt | undefined;
}

/** What each query is answered with. */
interface Answers {
  snapshot: Snapshot;
  /** What has been learnt, for the next start. */
  save: unknown;
  explain: Explanation;
  /** Only of the engine of `steadfast/full`: permission, or why there is none. */
  permit: Attempt | Refusal;
  /** Only of the engine of `steadfast/full`: where to send the request, or why not to. */
  call: Attempt | Refusal;
  /** Only of the engine of `steadfast/full`. */
  report: Report;
}

/** The engine and its driver, with the types of what goes in and out. */
export class Core {
  #engine: Engine | undefined;
  readonly #ended = new AbortController();
  readonly #host: Host;

  /** @throws {@link ConfigError} with every problem of the config at once. */
  constructor(config: Config, saved: unknown, host: Host) {
    this.#host = host;
    const check = makeCheck(this.#ended.signal);
    this.#engine = tried(() => new Engine(config, saved, { ...host, check }));
  }

  /**
   * What is asked next sees the effect of the message. What comes after {@link free}, as the end of a request that was under way, concerns
   * nobody any more.
   *
   * @throws {@link ConfigError} with every problem at once, if something is wrong with endpoints.
   */
  send(message: Message): void {
    tried(() => this.#engine?.send(message));
    // There are many messages. When one changes the state, an event tells of that.
    if (message.message !== "received" && message.message !== "sent") this.#host.said();
  }

  ask<Name extends Query["query"]>(query: Extract<Query, { query: Name }>): Answers[Name];
  ask(query: Query): unknown {
    return tried(() => this.#engine?.ask(query));
  }

  free(): void {
    this.#ended.abort();
    this.#engine?.free();
    this.#engine = undefined;
  }
}

/** Does `work`. A list of problems is thrown as one error, what a getter of the app's throws as it is. */
function tried<Done>(work: () => Done): Done {
  try {
    return work();
  } catch (thrown) {
    throw Array.isArray(thrown) ? new ConfigError(thrown) : thrown;
  }
}

import { Core as Engine } from "#glue";
import { makeCheck } from "./check.js";
import { ConfigError } from "./config-error.js";
import type { CallOutcome, Config, Event as CoreEvent, Endpoint, Explanation, Permit, Problem, Refusal, Report, Snapshot } from "./generated/types/index.js";

/** What executes the engine's effects. */
export interface Host {
  connect(id: number, endpoint: string, url: string): void;
  promote(id: number): void;
  disconnect(id: number, reason: string): void;
  persist(): void;
  emit(event: CoreEvent): void;
}

/** What the platform says of itself. */
export type Signal = "online" | "offline" | "changed" | "foreground" | "background" | "frozen" | "resumed";

/** What the engine can be told. */
export type Told =
  | { told: Signal | "connect" | "reconnect" | "checkNow" | "stop" }
  | { told: "opened" | "received" | "silent"; id: number }
  | { told: "closed"; id: number; code?: number }
  | { told: "prefer"; endpoint: string | null }
  /** It begins, or ends. */
  | { told: "maintenance" | "isolate"; endpoint: string; yes: boolean }
  /** A request that there was leave for has ended: how, and after how many milliseconds. */
  | ({ told: "ended"; outcome: CallOutcome; took: number } & Permit)
  /** A request that no leave was asked for has ended: whether the server did its part. */
  | { told: "traffic"; endpoint: string; yes: boolean }
  /** An action about a failure has ended: whether it helped, and why not. */
  | { told: "recovered"; id: number; yes: boolean; error: string | null }
  | { told: "endpoints"; endpoints: Endpoint[] };

/** What the engine can be asked, and with what. */
export type Question =
  | { ask: "snapshot" }
  | { ask: "save" }
  | { ask: "explain"; endpoint: string }
  /** Leave to make a request to the active endpoint, or to the best one but this; only of the engine of `steadfast/full`. */
  | { ask: "permit"; endpoint: string | undefined }
  /** Only of the engine of `steadfast/full`. */
  | { ask: "report"; period: number };

/** What it answers. */
interface Answers {
  snapshot: Snapshot;
  /** What has been learnt, for the next start. */
  save: unknown;
  explain: Explanation;
  /** The permit, or why there is none. */
  permit: Permit | Refusal;
  report: Report;
}

/** The engine and its driver, with the types of what goes in and out. */
export class Core {
  #engine: Engine | undefined;

  /** @throws {@link ConfigError} with every problem of the config at once. */
  constructor(config: Config, saved: unknown, host: Host) {
    try {
      this.#engine = new Engine(config, saved, { ...host, check: makeCheck });
    } catch (problems) {
      throw Array.isArray(problems) ? new ConfigError(problems) : problems;
    }
  }

  /**
   * What comes after {@link free}, as the end of a request that was under way, concerns nobody any more.
   *
   * @throws {@link ConfigError} with every problem at once, if endpoints are told that are wrong.
   */
  tell(told: Told): void {
    const problems = this.#engine?.tell(told) as Problem[] | null | undefined;
    if (problems) throw new ConfigError(problems);
  }

  ask<Name extends Question["ask"]>(question: Extract<Question, { ask: Name }>): Answers[Name];
  ask(question: Question): unknown {
    return this.#engine?.ask(question);
  }

  free(): void {
    this.#engine?.free();
    this.#engine = undefined;
  }
}

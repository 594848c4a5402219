/**
 * Steadfast with failure events and recovery, for those who run the endpoints: everything of the package `steadfast`, by a larger WebAssembly.
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
import type { Config, RecoveryAction } from "./generated/types/index.js";
import { Link, type LinkTelling, prepare, type StartOptions } from "./link.js";

export { ConfigError } from "./config-error.js";
export type { Connection, ConnectOptions, WebSocketClass } from "./connection.js";
export type { FullEvents as LinkEvents } from "./events.js";
export type * from "./generated/types/index.js";
export type { StartOptions } from "./link.js";
export type { WasmSource } from "./load.js";
export { RefusedError } from "./refused-error.js";
export type { Permit } from "./requests.js";
export type { StateStorage } from "./storage.js";

/** A running link to a set of endpoints that also tells of failures, and has something done about them. */
export class Steadfast extends (Link as LinkTelling<FullEvents>) {
  /**
   * Starts watching the endpoints.
   *
   * @throws {@link ConfigError} with every problem of the config at once.
   */
  static async start(config: Config, options: StartOptions = {}): Promise<Steadfast> {
    return new Steadfast(config, await prepare(options), options.storage);
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
      let [yes, error] = [false, null as string | null];
      try {
        yes = await recover(action);
      } catch (problem) {
        error = String(problem);
      }
      if (!this.stopped) this.core.tell({ told: "recovered", id: action.id, yes, error });
    };
    this.addEventListener("recovery", act);
    return () => this.removeEventListener("recovery", act);
  }
}

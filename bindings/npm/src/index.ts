/**
 * Steadfast keeps a web app connected to a backend that works.
 *
 * ```ts
 * import { Steadfast } from "steadfast";
 *
 * const link = await Steadfast.start({
 *   endpoints: [
 *     { name: "primary", connect: "wss://a.example/live", health: "https://a.example/_ping" },
 *     { name: "secondary", connect: "wss://b.example/live", health: "https://b.example/_ping" },
 *   ],
 * });
 * const connection = link.connect({ onMessage: (data) => console.log(data) });
 * link.addEventListener("switch", ({ detail }) => console.log(`now on ${detail.to}`));
 * ```
 *
 * Importing it does nothing, so it can be imported on a server; everything begins with `start`.
 *
 * @module
 */
export { ConfigError } from "./config-error.js";
export type { Connection, ConnectOptions, WebSocketClass } from "./connection.js";
export type { LinkEvents } from "./events.js";
export type {
  Check,
  CheckReport,
  DetailedHealthCheck,
  Duration,
  Endpoint,
  Endpoints,
  Explanation,
  Failback,
  FailureKind,
  FetchMode,
  Headers,
  Health,
  HealthCheck,
  HealthChecks,
  Method,
  Name,
  OfflineReason,
  Preset,
  Problem,
  Retry,
  Spread,
  State,
  StatusPattern,
  StatusPatterns,
  Strategy,
  SwitchReason,
  Url,
  WeighedEvidence,
} from "./generated/types/index.js";
export type { StartOptions } from "./link.js";
export type { WasmSource } from "./load.js";
export { type Config, type EndpointState, type Snapshot, Steadfast } from "./steadfast.js";
export type { StateStorage } from "./storage.js";

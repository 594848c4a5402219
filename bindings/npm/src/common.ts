// What both entries of the package export.
export { ConfigError } from "./config-error.js";
export type { Connection, ConnectOptions, WebSocketClass } from "./connection.js";
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
export type { StateStorage } from "./storage.js";

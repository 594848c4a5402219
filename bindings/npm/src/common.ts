// What both entries of the package export.
export { ConfigError } from "./config-error.js";
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
export type { WebSocketClass } from "./socket/driver.js";
export {
  CloseEvent,
  ErrorEvent,
  MigrateEvent,
  type MoveFailure,
  type QueueState,
  type SocketEvents,
  type SocketStop,
  type SocketSwitch,
} from "./socket/events.js";
export type { Path as SocketPath, Protocols as SocketProtocols, Provided } from "./socket/legs.js";
export type { PingOptions } from "./socket/ping.js";
export type { QueueOptions, Sendable, WhenFull } from "./socket/queue.js";
export { type SocketOptions, SteadfastSocket } from "./socket/socket.js";
export type { StateStorage } from "./storage.js";

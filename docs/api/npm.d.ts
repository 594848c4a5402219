// check.d.ts
import type { Check, FailureKind } from "./generated/types/index.js";
export type CheckRequest = {
    url: string;
} & Required<Pick<Check, "method" | "headers" | "body" | "expectBody" | "document" | "followRedirects" | "mode">>;
export type Told = {
    status: number | null;
    retryAfter: string | null;
    body: string;
    document: unknown;
    latency: number;
} | {
    failure: FailureKind;
};
export declare function makeCheck(ended: AbortSignal): (check: CheckRequest, given: AbortSignal) => Promise<Told>;

// circuit-open-error.d.ts
import type { BreakerState, Refusal } from "./generated/types/index.js";
export declare class CircuitOpenError extends Error {
    readonly name = "CircuitOpenError";
    readonly endpoint: string;
    readonly state: BreakerState;
    readonly retryAfterMs: number | null;
    constructor({ endpoint, state, retryAfterMs }: Refusal);
}

// common.d.ts
export { ConfigError } from "./config-error.js";
export type { Check, CheckReport, DetailedHealthCheck, Duration, Endpoint, Endpoints, Explanation, Failback, FailureKind, FetchMode, Headers, Health, HealthCheck, HealthChecks, Method, Name, OfflineReason, Preset, Problem, Retry, Spread, State, StatusPattern, StatusPatterns, Strategy, SwitchReason, Url, WeighedEvidence, } from "./generated/types/index.js";
export type { StartOptions } from "./link.js";
export type { WasmSource } from "./load.js";
export type { WebSocketClass } from "./socket/driver.js";
export { CloseEvent, ErrorEvent, MigrateEvent, type MoveFailure, type QueueState, type SocketEvents, type SocketStop, type SocketSwitch, } from "./socket/events.js";
export type { Path as SocketPath, Protocols as SocketProtocols, Provided } from "./socket/legs.js";
export type { PingOptions } from "./socket/ping.js";
export type { QueueOptions, Sendable, WhenFull } from "./socket/queue.js";
export { type SocketOptions, SteadfastSocket } from "./socket/socket.js";
export type { StateStorage } from "./storage.js";

// config-error.d.ts
import type { Problem } from "./generated/types/index.js";
export declare class ConfigError extends Error {
    readonly problems: readonly Problem[];
    readonly name = "ConfigError";
    constructor(problems: readonly Problem[]);
}

// core.d.ts
import type { CallOutcome, Config, Event as CoreEvent, Explanation, Message, Query, Refusal, Report, Snapshot } from "./generated/types/index.js";
export interface Host {
    connect(id: number, socket: number, endpoint: string, url: string): void;
    promote(id: number): void;
    disconnect(id: number, reason: string): void;
    persist(): void;
    emit(event: CoreEvent): void;
    said(): void;
}
export interface Attempt {
    readonly endpoint: string;
    readonly origin: string;
    answered(status: number, url: string): Attempt | undefined;
    ended(outcome: CallOutcome): Attempt | undefined;
}
interface Answers {
    snapshot: Snapshot;
    save: unknown;
    explain: Explanation;
    permit: Attempt | Refusal;
    call: Attempt | Refusal;
    report: Report;
}
export declare class Core {
    #private;
    constructor(config: Config, saved: unknown, host: Host);
    send(message: Message): void;
    ask<Name extends Query["query"]>(query: Extract<Query, {
        query: Name;
    }>): Answers[Name];
    free(): void;
}
export {};

// elsewhere.d.ts
export declare function elsewhere(origin: string): string;

// events.d.ts
import type { Event as CoreEvent, Snapshot } from "./generated/types/index.js";
import type { Snapshot as SmallSnapshot } from "./steadfast.js";
type Of<Name extends CoreEvent["event"]> = Extract<CoreEvent, {
    event: Name;
}>;
export interface LinkEvents {
    switch: Of<"switched">;
    alldown: Of<"allDown">;
    recovered: Of<"recovered">;
    offline: Of<"offline">;
    online: Of<"online">;
    check: Of<"check">;
    health: Of<"health">;
    connected: Of<"connected">;
    disconnected: Of<"disconnected">;
    state: SmallSnapshot;
}
export interface FullEvents extends Omit<LinkEvents, "state"> {
    breaker: Of<"breaker">;
    failure: Of<"failure">;
    recovery: Of<"recovery">;
    state: Snapshot;
}
export interface Listening<Told> {
    addEventListener<Name extends keyof Told>(type: Name, listener: (event: CustomEvent<Told[Name]>) => unknown, options?: boolean | AddEventListenerOptions): void;
    removeEventListener<Name extends keyof Told>(type: Name, listener: (event: CustomEvent<Told[Name]>) => unknown, options?: boolean | EventListenerOptions): void;
}
export declare const TypedEventTarget: {
    new (): Omit<EventTarget, keyof Listening<unknown>>;
};
export declare const NAMES: {
    readonly [Name in CoreEvent["event"]]?: keyof FullEvents;
};
export {};

// full.d.ts
import type { FullEvents } from "./events.js";
import type { Config, RecoveryAction, Report, Snapshot } from "./generated/types/index.js";
import { type LinkTelling, type StartOptions } from "./link.js";
import { Permit } from "./requests.js";
export { CircuitOpenError } from "./circuit-open-error.js";
export * from "./common.js";
export type { FullEvents as LinkEvents } from "./events.js";
export type { Breaker, BreakerState, Config, EndpointReport, EndpointState, ErrorClass, ErrorCount, Event, FailureEvent, FailureEventKind, FailureEvents, Recovery, RecoveryAction, RecoveryStrategy, Refusal, Report, Severity, Snapshot, } from "./generated/types/index.js";
export type { Permit } from "./requests.js";
declare const Steadfast_base: LinkTelling<FullEvents, Snapshot>;
export declare class Steadfast extends Steadfast_base {
    static start(config: Config, options?: StartOptions): Promise<Steadfast>;
    fetch(path: string, init?: RequestInit): Promise<Response>;
    tryAcquire({ excluding }?: {
        excluding?: string;
    }): Permit;
    isolate(name: string): void;
    release(name: string): void;
    report(period?: number): Report;
    onRecovery(recover: (action: RecoveryAction) => Promise<boolean>): () => void;
}

// generated/rules.d.ts
export declare const MAX_ANSWER_BYTES = 65536;

// generated/types/Breaker.d.ts
import type { Duration } from "./Duration.js";
export type Breaker = {
    failures?: number | null;
    failurePercent?: number | null;
    slowPercent?: number | null;
    slowAfter?: Duration;
    window?: Duration;
    minimum?: number;
    open?: Duration;
    openMax?: Duration;
    trials?: number;
    successes?: number;
    trialTimeout?: Duration;
};

// generated/types/BreakerState.d.ts
export type BreakerState = "closed" | "open" | "halfOpen" | "isolated";

// generated/types/CallOutcome.d.ts
export type CallOutcome = "succeeded" | "failed" | "unsent" | "timedOut" | "released";

// generated/types/Check.d.ts
import type { Duration } from "./Duration.js";
import type { FetchMode } from "./FetchMode.js";
import type { Headers } from "./Headers.js";
import type { Method } from "./Method.js";
import type { StatusPatterns } from "./StatusPatterns.js";
export type Check = {
    method?: Method;
    headers?: Headers;
    body?: string | null;
    expectStatus?: StatusPatterns;
    expectBody?: string | null;
    document?: boolean;
    timeout?: Duration;
    minTimeout?: Duration;
    interval?: Duration;
    retries?: number;
    followRedirects?: boolean;
    mode?: FetchMode;
};

// generated/types/CheckReport.d.ts
import type { FailureKind } from "./FailureKind.js";
import type { Name } from "./Name.js";
export type CheckReport = {
    endpoint: Name;
    failure: FailureKind | null;
    status: number | null;
    latencyMs: number;
    failures: number;
    message: string | null;
    failing: Array<string>;
    request: number | null;
};

// generated/types/Config.d.ts
import type { Breaker } from "./Breaker.js";
import type { Check } from "./Check.js";
import type { Duration } from "./Duration.js";
import type { Endpoints } from "./Endpoints.js";
import type { Failback } from "./Failback.js";
import type { FailureEvents } from "./FailureEvents.js";
import type { HealthChecks } from "./HealthChecks.js";
import type { Preset } from "./Preset.js";
import type { Recovery } from "./Recovery.js";
import type { Retry } from "./Retry.js";
import type { Spread } from "./Spread.js";
import type { Strategy } from "./Strategy.js";
export type Config = {
    preset?: Preset;
    endpoints?: Endpoints;
    strategy?: Strategy;
    region?: string | null;
    check?: Check;
    initialDelay?: Duration;
    suspicionLevel?: number;
    failureThreshold?: number | null;
    successThreshold?: number;
    degradedLatency?: Duration;
    suspectInterval?: Duration | null;
    standbyInterval?: Duration | null;
    busyInterval?: Duration;
    jitterPercent?: number;
    backgroundChecks?: boolean;
    failback?: Failback;
    connectTimeout?: Duration;
    retry?: Retry;
    connectivity?: HealthChecks;
    breaker?: Breaker;
    failureEvents?: FailureEvents;
    recovery?: Recovery;
    history?: Duration;
    spread?: Spread;
};

// generated/types/ConnectionId.d.ts
export type ConnectionId = number;

// generated/types/DetailedHealthCheck.d.ts
import type { Duration } from "./Duration.js";
import type { FetchMode } from "./FetchMode.js";
import type { Headers } from "./Headers.js";
import type { Method } from "./Method.js";
import type { StatusPatterns } from "./StatusPatterns.js";
export type DetailedHealthCheck = {
    url: string;
    method?: Method;
    headers?: Headers;
    body?: string | null;
    expectStatus?: StatusPatterns;
    expectBody?: string | null;
    document?: boolean;
    timeout?: Duration;
    minTimeout?: Duration;
    interval?: Duration;
    retries?: number;
    followRedirects?: boolean;
    mode?: FetchMode;
};

// generated/types/Duration.d.ts
export type Duration = number | string;

// generated/types/Endpoint.d.ts
import type { HealthCheck } from "./HealthCheck.js";
import type { Name } from "./Name.js";
import type { Url } from "./Url.js";
export type Endpoint = {
    name: Name;
    connect: Url;
    health?: HealthCheck;
    priority?: number;
    weight?: number;
    region?: string | null;
};

// generated/types/EndpointReport.d.ts
import type { ErrorCount } from "./ErrorCount.js";
import type { Name } from "./Name.js";
export type EndpointReport = {
    endpoint: Name;
    uptimePercent: number | null;
    checks: number;
    failed: number;
    averageMs: number | null;
    p50Ms: number | null;
    p95Ms: number | null;
    p99Ms: number | null;
    errors: Array<ErrorCount>;
    activeMs: number;
    downMs: number;
    uptimeOverTime: Array<number | null>;
    latencyOverTime: Array<number | null>;
};

// generated/types/EndpointState.d.ts
import type { BreakerState } from "./BreakerState.js";
import type { Health } from "./Health.js";
import type { Name } from "./Name.js";
export type EndpointState = {
    name: Name;
    connect: string;
    origin: string;
    health: Health;
    failures: number;
    rttMs: number | null;
    breaker: BreakerState;
};

// generated/types/Endpoints.d.ts
import type { Endpoint } from "./Endpoint.js";
export type Endpoints = Array<Endpoint>;

// generated/types/ErrorClass.d.ts
export type ErrorClass = "timeout" | "connection" | "dns" | "ssl" | "http" | "unknown";

// generated/types/ErrorCount.d.ts
import type { ErrorClass } from "./ErrorClass.js";
export type ErrorCount = {
    class: ErrorClass;
    count: number;
};

// generated/types/Event.d.ts
import type { BreakerState } from "./BreakerState.js";
import type { CheckReport } from "./CheckReport.js";
import type { FailureEvent } from "./FailureEvent.js";
import type { Health } from "./Health.js";
import type { Name } from "./Name.js";
import type { OfflineReason } from "./OfflineReason.js";
import type { RecoveryAction } from "./RecoveryAction.js";
import type { SwitchReason } from "./SwitchReason.js";
export type Event = {
    "event": "started";
    active: Name;
} | ({
    "event": "check";
} & CheckReport) | {
    "event": "health";
    endpoint: Name;
    from: Health;
    to: Health;
} | {
    "event": "breaker";
    endpoint: Name;
    from: BreakerState;
    to: BreakerState;
} | {
    "event": "switched";
    from: Name;
    to: Name;
    reason: SwitchReason;
} | {
    "event": "allDown";
    active: Name;
} | {
    "event": "recovered";
    active: Name;
} | {
    "event": "offline";
    reason: OfflineReason;
} | {
    "event": "online";
} | {
    "event": "connected";
    endpoint: Name;
} | {
    "event": "disconnected";
    endpoint: Name;
    code: number | null;
} | ({
    "event": "failure";
} & FailureEvent) | ({
    "event": "recovery";
} & RecoveryAction) | {
    "event": "stopped";
};

// generated/types/Explanation.d.ts
import type { Health } from "./Health.js";
import type { Name } from "./Name.js";
import type { WeighedEvidence } from "./WeighedEvidence.js";
export type Explanation = {
    endpoint: Name;
    health: Health;
    unhealthyMsAgo: number | null;
    suspicion: number;
    level: number;
    evidence: Array<WeighedEvidence>;
    text: string;
};

// generated/types/Failback.d.ts
import type { Duration } from "./Duration.js";
export type Failback = {
    after?: Duration;
    max?: Duration;
    successes?: number;
};

// generated/types/FailureEvent.d.ts
import type { FailureEventKind } from "./FailureEventKind.js";
import type { Name } from "./Name.js";
import type { Severity } from "./Severity.js";
export type FailureEvent = {
    endpoint: Name;
    kind: FailureEventKind;
    severity: Severity;
    critical: boolean;
    message: string;
    consecutive: number;
    inWindow: number;
    firstMsAgo: number;
};

// generated/types/FailureEventKind.d.ts
export type FailureEventKind = "healthCheckFailed" | "healthCheckTimeout" | "healthCheckError" | "highResponseTime" | "highErrorRate" | "highResourceUsage" | "containerStopped" | "containerRestartLoop" | "containerOutOfMemory" | "networkUnreachable" | "portNotListening" | "dnsFailed" | "applicationStartupFailed" | "applicationDeadlock" | "applicationMemoryLeak";

// generated/types/FailureEvents.d.ts
import type { Duration } from "./Duration.js";
export type FailureEvents = {
    enabled?: boolean;
    responseTime?: Duration;
    errorRatePercent?: number;
    minimum?: number;
    window?: Duration;
    criticalAfter?: number;
};

// generated/types/FailureKind.d.ts
export type FailureKind = "timeout" | "refused" | "unreachable" | "dns" | "tls" | "reset" | "cors" | "mixedContent" | "redirect" | "status" | "body" | "reported" | "unexpected";

// generated/types/FetchMode.d.ts
export type FetchMode = "cors" | "no-cors";

// generated/types/Headers.d.ts
export type Headers = Record<string, string>;

// generated/types/Health.d.ts
export type Health = "unknown" | "healthy" | "degraded" | "suspect" | "unhealthy" | "maintenance";

// generated/types/HealthCheck.d.ts
import type { DetailedHealthCheck } from "./DetailedHealthCheck.js";
export type HealthCheck = string | DetailedHealthCheck;

// generated/types/HealthChecks.d.ts
import type { HealthCheck } from "./HealthCheck.js";
export type HealthChecks = Array<HealthCheck>;

// generated/types/Lifecycle.d.ts
export type Lifecycle = "foreground" | "background" | "frozen" | "resumed";

// generated/types/Message.d.ts
import type { ConnectionId } from "./ConnectionId.js";
import type { Lifecycle } from "./Lifecycle.js";
import type { Name } from "./Name.js";
import type { Network } from "./Network.js";
import type { SocketId } from "./SocketId.js";
import type { ValidEndpoints } from "./ValidEndpoints.js";
export type Message = {
    "message": "awaitsApp";
    id: ConnectionId;
} | {
    "message": "begun";
    id: ConnectionId;
} | {
    "message": "opened";
    id: ConnectionId;
} | {
    "message": "closed";
    id: ConnectionId;
    code: number | null;
} | {
    "message": "received";
    id: ConnectionId;
} | {
    "message": "network";
    network: Network;
} | {
    "message": "lifecycle";
    lifecycle: Lifecycle;
} | {
    "message": "checkNow";
} | {
    "message": "prefer";
    endpoint: Name | null;
} | {
    "message": "beginMaintenance";
    endpoint: Name;
} | {
    "message": "endMaintenance";
    endpoint: Name;
} | {
    "message": "isolate";
    endpoint: Name;
} | {
    "message": "release";
    endpoint: Name;
} | {
    "message": "reportSuccess";
    endpoint: Name;
} | {
    "message": "reportFailure";
    endpoint: Name;
} | {
    "message": "recoveryEnded";
    id: number;
    ok: boolean;
    error: string | null;
} | {
    "message": "setEndpoints";
    endpoints: ValidEndpoints;
} | {
    "message": "sent";
    id: ConnectionId;
} | {
    "message": "silent";
    id: ConnectionId;
} | {
    "message": "connect";
    socket: SocketId;
} | {
    "message": "reconnect";
    socket: SocketId | null;
} | {
    "message": "disconnect";
    socket: SocketId;
} | {
    "message": "stop";
};

// generated/types/Method.d.ts
export type Method = "GET" | "HEAD" | "POST" | "PUT";

// generated/types/Name.d.ts
export type Name = string;

// generated/types/Network.d.ts
export type Network = "online" | "offline" | "changed";

// generated/types/OfflineReason.d.ts
export type OfflineReason = "told" | "unreachable" | "captivePortal";

// generated/types/Preset.d.ts
export type Preset = "default" | "appServices" | "orchestrator";

// generated/types/Problem.d.ts
export type Problem = {
    path: string;
    message: string;
};

// generated/types/Query.d.ts
import type { Duration } from "./Duration.js";
import type { Name } from "./Name.js";
export type Query = {
    "query": "snapshot";
} | {
    "query": "save";
} | {
    "query": "explain";
    endpoint: Name | null;
} | {
    "query": "report";
    period: Duration;
} | {
    "query": "permit";
    excluding: Name | null;
} | {
    "query": "call";
    method: string;
    replayable: boolean;
};

// generated/types/Recovery.d.ts
import type { Duration } from "./Duration.js";
export type Recovery = {
    enabled?: boolean;
    after?: number;
    restarts?: number;
    scaleOuts?: number;
    window?: Duration;
    timeout?: Duration;
    outOfRotation?: Duration;
};

// generated/types/RecoveryAction.d.ts
import type { FailureEventKind } from "./FailureEventKind.js";
import type { Name } from "./Name.js";
import type { RecoveryStrategy } from "./RecoveryStrategy.js";
export type RecoveryAction = {
    id: number;
    strategy: RecoveryStrategy;
    kind: FailureEventKind;
    endpoint: Name;
    ok: boolean | null;
    beganMsAgo: number;
    tookMs: number;
    error: string | null;
};

// generated/types/RecoveryStrategy.d.ts
export type RecoveryStrategy = "restart" | "recreate" | "replace" | "scaleOut" | "drain" | "rollingRestart" | "removeFromLoadBalancer" | "redirectTraffic" | "clearCache" | "restartDependencies" | "failOver" | "reconnect";

// generated/types/Refusal.d.ts
import type { BreakerState } from "./BreakerState.js";
import type { Name } from "./Name.js";
export type Refusal = {
    endpoint: Name;
    state: BreakerState;
    retryAfterMs: number | null;
};

// generated/types/Report.d.ts
import type { EndpointReport } from "./EndpointReport.js";
export type Report = {
    periodMs: number;
    switches: number;
    endpoints: Array<EndpointReport>;
};

// generated/types/Retry.d.ts
import type { Duration } from "./Duration.js";
export type Retry = {
    initial?: Duration;
    max?: Duration;
    growthPercent?: number;
    jitterPercent?: number;
};

// generated/types/Severity.d.ts
export type Severity = "low" | "medium" | "high" | "critical";

// generated/types/Snapshot.d.ts
import type { EndpointState } from "./EndpointState.js";
import type { Name } from "./Name.js";
import type { State } from "./State.js";
export type Snapshot = {
    state: State;
    active: Name;
    endpoints: Array<EndpointState>;
};

// generated/types/SocketId.d.ts
export type SocketId = number;

// generated/types/Spread.d.ts
import type { Duration } from "./Duration.js";
export type Spread = {
    forced?: Duration;
    voluntary?: Duration;
};

// generated/types/State.d.ts
export type State = "idle" | "steady" | "suspicious" | "allDown" | "offline" | "stopped";

// generated/types/StatusPattern.d.ts
export type StatusPattern = number | "1xx" | "2xx" | "3xx" | "4xx" | "5xx";

// generated/types/StatusPatterns.d.ts
import type { StatusPattern } from "./StatusPattern.js";
export type StatusPatterns = Array<StatusPattern>;

// generated/types/Strategy.d.ts
export type Strategy = "priority" | "latency" | "weighted" | "sticky" | "cyclic";

// generated/types/SwitchReason.d.ts
export type SwitchReason = "unhealthy" | "unconnectable" | "recovered" | "failback" | "maintenance" | "degraded" | "faster" | "preferred" | "replaced";

// generated/types/Url.d.ts
export type Url = string;

// generated/types/ValidEndpoints.d.ts
import type { HealthCheck } from "./HealthCheck.js";
import type { Name } from "./Name.js";
import type { Url } from "./Url.js";
export type ValidEndpoints = Array<{
    name: Name;
    connect: Url;
    health?: HealthCheck;
    priority?: number;
    weight?: number;
    region?: string | null;
}>;

// generated/types/WeighedEvidence.d.ts
export type WeighedEvidence = {
    msAgo: number;
    what: string;
    weight: number;
};

// generated/types/index.d.ts
export type { Breaker } from "./Breaker.js";
export type { BreakerState } from "./BreakerState.js";
export type { CallOutcome } from "./CallOutcome.js";
export type { Check } from "./Check.js";
export type { CheckReport } from "./CheckReport.js";
export type { Config } from "./Config.js";
export type { ConnectionId } from "./ConnectionId.js";
export type { DetailedHealthCheck } from "./DetailedHealthCheck.js";
export type { Duration } from "./Duration.js";
export type { Endpoint } from "./Endpoint.js";
export type { EndpointReport } from "./EndpointReport.js";
export type { EndpointState } from "./EndpointState.js";
export type { Endpoints } from "./Endpoints.js";
export type { ErrorClass } from "./ErrorClass.js";
export type { ErrorCount } from "./ErrorCount.js";
export type { Event } from "./Event.js";
export type { Explanation } from "./Explanation.js";
export type { Failback } from "./Failback.js";
export type { FailureEvent } from "./FailureEvent.js";
export type { FailureEventKind } from "./FailureEventKind.js";
export type { FailureEvents } from "./FailureEvents.js";
export type { FailureKind } from "./FailureKind.js";
export type { FetchMode } from "./FetchMode.js";
export type { Headers } from "./Headers.js";
export type { Health } from "./Health.js";
export type { HealthCheck } from "./HealthCheck.js";
export type { HealthChecks } from "./HealthChecks.js";
export type { Lifecycle } from "./Lifecycle.js";
export type { Message } from "./Message.js";
export type { Method } from "./Method.js";
export type { Name } from "./Name.js";
export type { Network } from "./Network.js";
export type { OfflineReason } from "./OfflineReason.js";
export type { Preset } from "./Preset.js";
export type { Problem } from "./Problem.js";
export type { Query } from "./Query.js";
export type { Recovery } from "./Recovery.js";
export type { RecoveryAction } from "./RecoveryAction.js";
export type { RecoveryStrategy } from "./RecoveryStrategy.js";
export type { Refusal } from "./Refusal.js";
export type { Report } from "./Report.js";
export type { Retry } from "./Retry.js";
export type { Severity } from "./Severity.js";
export type { Snapshot } from "./Snapshot.js";
export type { SocketId } from "./SocketId.js";
export type { Spread } from "./Spread.js";
export type { State } from "./State.js";
export type { StatusPattern } from "./StatusPattern.js";
export type { StatusPatterns } from "./StatusPatterns.js";
export type { Strategy } from "./Strategy.js";
export type { SwitchReason } from "./SwitchReason.js";
export type { Url } from "./Url.js";
export type { ValidEndpoints } from "./ValidEndpoints.js";
export type { WeighedEvidence } from "./WeighedEvidence.js";

// index.d.ts
export * from "./common.js";
export type { LinkEvents } from "./events.js";
export { type Config, type EndpointState, type Snapshot, Steadfast } from "./steadfast.js";

// link.d.ts
import { type LinkEvents, type Listening, TypedEventTarget } from "./events.js";
import type { Config, Endpoint, Explanation } from "./generated/types/index.js";
import { type WasmSource } from "./load.js";
import type { WebSocketClass } from "./socket/driver.js";
import type { Path, Protocols, Provided } from "./socket/legs.js";
import { type SocketOptions, SteadfastSocket } from "./socket/socket.js";
import type { Snapshot } from "./steadfast.js";
import { Memory, type StateStorage } from "./storage.js";
export interface StartOptions {
    wasm?: WasmSource;
    storage?: StateStorage;
    WebSocket?: WebSocketClass;
    storageKey?: string;
}
export declare function prepare(config: Config, { storage, wasm, WebSocket: webSocket, storageKey }: StartOptions): Promise<Prepared>;
export interface Prepared {
    readonly saved: unknown;
    readonly memory: Memory | undefined;
    readonly webSocket: WebSocketClass | undefined;
}
export declare class Link<State extends Snapshot> extends TypedEventTarget {
    #private;
    get active(): State["endpoints"][number];
    get state(): State;
    readonly getSnapshot: () => State;
    readonly subscribe: (changed: () => void) => (() => void);
    checkNow(): Promise<LinkEvents["check"]>;
    prefer(name: string | null): void;
    explain(name?: string): Explanation;
    beginMaintenance(name: string): void;
    endMaintenance(name: string): void;
    reportSuccess(endpoint: string): void;
    reportFailure(endpoint: string): void;
    setEndpoints(endpoints: Endpoint[]): void;
    socket(path?: Provided<Path>, protocols?: Provided<Protocols>, options?: SocketOptions): SteadfastSocket;
    get WebSocket(): typeof WebSocket;
    stop(): void;
    [Symbol.dispose](): void;
}
export type LinkTelling<Told, State extends Snapshot> = new (config: Config, prepared: Prepared) => Link<State> & Listening<Told>;

// load.d.ts
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;
export declare function load(source?: WasmSource): Promise<void>;

// page.d.ts
import type { Message } from "./generated/types/index.js";
export declare function watchPage(send: (message: Message) => void): () => void;

// requests.d.ts
import type { Core } from "./core.js";
export declare class Permit {
    #private;
    readonly endpoint: string;
    readonly origin: string;
    success(): void;
    failure(): void;
    release(): void;
}
export declare function request(core: Core, origin: string, path: string, init: RequestInit): Promise<Response>;

// socket/driver.d.ts
import type { LinkEvents, Listening } from "../events.js";
import type { Message } from "../generated/types/index.js";
import type { Link } from "../link.js";
import type { Snapshot } from "../steadfast.js";
import type { Legs, Path } from "./legs.js";
import type { Route } from "./rules.js";
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket;
export type LegMessage = Extract<Message, {
    message: "awaitsApp" | "begun" | "opened" | "closed" | "received" | "sent" | "silent";
}>;
export type AnyLink = Omit<Link<Snapshot>, keyof EventTarget> & Listening<LinkEvents>;
export interface Driver {
    readonly link: AnyLink | null;
    readonly webSocket: WebSocketClass | undefined;
    readonly connect: string;
    route(path: Path): Route;
    hold(legs: Legs): void;
    release(legs: Legs): void;
    reconnect(legs: Legs): void;
    tell(message: LegMessage): void;
}

// socket/events.d.ts
import type { LinkEvents } from "../events.js";
export type Listener = EventListenerOrEventListenerObject;
export declare const CloseEvent: {
    new (type: string, eventInitDict?: CloseEventInit): globalThis.CloseEvent;
    prototype: globalThis.CloseEvent;
};
export type CloseEvent = InstanceType<typeof globalThis.CloseEvent>;
export declare const ErrorEvent: {
    new (type: string, eventInitDict?: ErrorEventInit): globalThis.ErrorEvent;
    prototype: globalThis.ErrorEvent;
};
export type ErrorEvent = InstanceType<typeof globalThis.ErrorEvent>;
export declare class MigrateEvent extends Event {
    readonly socket: WebSocket;
    readonly from: string;
    readonly to: string;
    readonly messages: MessageEvent[];
    waitUntil(work: PromiseLike<unknown>): void;
}
export interface SocketSwitch {
    readonly from: string;
    readonly to: string;
    readonly reason: LinkEvents["switch"]["reason"] | null;
}
export interface QueueState {
    readonly messages: number;
    readonly bytes: number;
    readonly dropped: number;
}
export interface MoveFailure {
    readonly to: string;
    readonly error: unknown;
}
export interface SocketStop {
    readonly reason: "closeCode" | "unauthorized" | "maxRetries" | "shouldReconnectOnClose" | "notLoaded";
    readonly code: number;
}
export interface SocketEvents {
    open: Event;
    message: MessageEvent;
    error: ErrorEvent;
    close: CloseEvent;
    migrate: MigrateEvent;
    switch: CustomEvent<SocketSwitch>;
    moveFailed: CustomEvent<MoveFailure>;
    queue: CustomEvent<QueueState>;
    stop: CustomEvent<SocketStop>;
}

// socket/face.d.ts
import type { Listener } from "./events.js";
export type ReadyState = 0 | 1 | 2 | 3;
export declare const CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3;
export declare abstract class SocketFace extends EventTarget {
    #private;
    static readonly CONNECTING: 0;
    static readonly OPEN: 1;
    static readonly CLOSING: 2;
    static readonly CLOSED: 3;
    readonly CONNECTING: 0;
    readonly OPEN: 1;
    readonly CLOSING: 2;
    readonly CLOSED: 3;
    onopen: ((this: WebSocket, event: Event) => unknown) | null;
    onmessage: ((this: WebSocket, event: MessageEvent) => unknown) | null;
    onerror: ((this: WebSocket, event: Event) => unknown) | null;
    onclose: ((this: WebSocket, event: CloseEvent) => unknown) | null;
    addEventListener(type: string, listener: Listener | null, options?: boolean | AddEventListenerOptions): void;
    removeEventListener(type: string, listener: Listener | null, options?: boolean | EventListenerOptions): void;
    get url(): string;
    get protocol(): string;
    get extensions(): string;
    get binaryType(): BinaryType;
    set binaryType(type: BinaryType);
}

// socket/hook.d.ts
import type { Leg } from "./legs.js";
export declare function letStop(leg: Leg): void;

// socket/leave.d.ts
import { type Leg, type Legs } from "./legs.js";
export declare function leave(legs: Legs, before: Leg, endpoint: string, isAlive: () => unknown): void;

// socket/legs.d.ts
import type { Driver, WebSocketClass } from "./driver.js";
import type { Sendable } from "./queue.js";
export type Provided<Value> = Value | (() => Value | PromiseLike<Value>);
export type Path = string | URL | null | undefined;
export type Protocols = string | string[] | null | undefined;
export interface LegOptions {
    readonly path: Provided<Path>;
    readonly protocols: Provided<Protocols>;
    readonly webSocket: WebSocketClass | undefined;
    readonly timeout?: number | undefined;
}
export interface Leg {
    id: number;
    readonly endpoint: string;
    socket?: WebSocket;
    kept?: MessageEvent[] | undefined;
    keeping?: (event: MessageEvent) => void;
    heard: number;
    reported: number;
    asked: number;
    handed: number;
    awaits?: string | undefined;
    timer?: ReturnType<typeof setTimeout>;
}
export type LegEnd = Pick<CloseEvent, "code" | "reason" | "wasClean">;
export interface LegsOwner {
    linked?(): void;
    opening?(leg: Leg): void;
    opened?(leg: Leg): Promise<unknown> | undefined;
    leaving?(leg: Leg): boolean;
    left?(before: Leg, endpoint: string, farewell: Farewell | undefined): void;
    promoted(leg: Leg, before: Leg | undefined): void;
    moveFailed?(to: string, error: unknown): void;
    stays?(): void;
    message(event: MessageEvent, leg: Leg): void;
    passed?(endpoint: string): void;
    unavailable?(): void;
    stopped(): void;
    abandoned?(error: Error, over: boolean): void;
    ended(end: LegEnd, error: unknown, endpoint: string): void;
}
export type Farewell = readonly [code: number, reason?: string | undefined];
export declare const CLOSE_WITHIN = 2000;
export declare const RENEWED_WITHIN = 2000;
export declare const broken: (reason?: string) => LegEnd;
export declare const noWebSocket: () => TypeError;
export declare class Legs {
    #private;
    owner: LegsOwner;
    number: number;
    readonly all: Map<number, Leg>;
    current: Leg | undefined;
    last: Leg | undefined;
    paused: boolean;
    waits: (() => void)[] | undefined;
    farewell: Farewell | undefined;
    constructor(driver: Driver, options: LegOptions, owner: LegsOwner);
    get url(): string;
    get binaryType(): BinaryType;
    set binaryType(type: BinaryType);
    look(): void;
    open(id: number, endpoint: string, connect: string): Leg;
    send(leg: Leg, data: Sendable): void;
    promote(id: number): void;
    deliver(leg: Leg): void;
    disconnect(id: number, reason: string): void;
    replace(leg: Leg, socket: WebSocket, closed?: () => void): void;
    close(code?: number, reason?: string): Leg | undefined;
}

// socket/one-life.d.ts
import type { Driver } from "./driver.js";
import { type ReadyState, SocketFace } from "./face.js";
import type { Sendable } from "./queue.js";
import type { Spares } from "./spares.js";
export interface OneLifeDriver extends Driver {
    readonly isDown: boolean;
    isFinal(endpoint: string): boolean;
}
export declare class OneLifeSocket extends SocketFace {
    #private;
    get readyState(): ReadyState;
    get bufferedAmount(): number;
    send(data: Sendable): void;
    close(code?: number, reason?: string): void;
}
export declare function oneLife(driver: OneLifeDriver, spares: Spares): typeof WebSocket;

// socket/ping.d.ts
import type { Leg } from "./legs.js";
import type { Sendable } from "./queue.js";
export interface PingOptions {
    message: Sendable | (() => Sendable);
    every: number;
    within: number;
    isAnswer?: ((data: unknown) => boolean) | undefined;
}
export declare class Ping {
    #private;
    constructor(options: PingOptions, send: (leg: Leg, ping: Sendable) => unknown, silent: (leg: Leg) => unknown);
    follow(leg?: Leg): void;
    isAnswer(data: unknown): boolean;
}

// socket/queue.d.ts
export type Sendable = string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBufferLike>;
export type WhenFull = "dropNewest" | "dropOldest" | "throw";
export interface QueueOptions {
    maxEnqueuedMessages?: number | undefined;
    maxEnqueuedBytes?: number | undefined;
    whenFull?: WhenFull | undefined;
}
export declare class Queue {
    #private;
    bytes: number;
    constructor({ maxEnqueuedMessages, maxEnqueuedBytes, whenFull }: QueueOptions);
    get length(): number;
    add(data: Sendable): number;
    flush(send: (data: Sendable) => boolean): void;
    drain(): Sendable[];
}

// socket/rules.d.ts
export declare function refuse(name: string, message: string): never;
export declare function bytesOf(text: string): number;
export declare function socketUrl(text: string | URL, base?: string): string;
export type Route = (connect: string) => string;
export declare function routeOf(path: string | URL | null | undefined, [connect, ...others]: readonly string[]): Route;
export declare function protocolsOf(protocols: string | readonly string[] | null | undefined): string[];
export declare function checkClose(code?: number, reason?: string): void;

// socket/socket.d.ts
import type { AnyLink, WebSocketClass } from "./driver.js";
import { CloseEvent, type Listener, MigrateEvent, type SocketEvents } from "./events.js";
import { type ReadyState, SocketFace } from "./face.js";
import type { PingOptions } from "./ping.js";
import { type QueueOptions, type Sendable } from "./queue.js";
export interface SocketOptions extends QueueOptions {
    WebSocket?: WebSocketClass | undefined;
    migrate?: ((event: MigrateEvent) => unknown) | undefined;
    stopCodes?: readonly number[] | undefined;
    ping?: PingOptions | undefined;
    connectionTimeout?: number | undefined;
    maxRetries?: number | undefined;
    minUptime?: number | undefined;
    startClosed?: boolean | undefined;
    shouldReconnectOnClose?: ((event: CloseEvent) => boolean) | undefined;
    debug?: boolean | undefined;
    debugLogger?: ((...things: unknown[]) => void) | undefined;
}
export declare class SteadfastSocket extends SocketFace {
    #private;
    onmigrate: ((this: WebSocket, event: MigrateEvent) => unknown) | null;
    get link(): AnyLink | null;
    get endpoint(): string | null;
    get readyState(): ReadyState;
    get retryCount(): number;
    get shouldReconnect(): boolean;
    get bufferedAmount(): number;
    send(data: Sendable): boolean;
    close(code?: number, reason?: string): void;
    reconnect(code?: number, reason?: string): void;
    drainQueuedMessages(): Sendable[];
    [Symbol.dispose](): void;
    addEventListener<Name extends keyof SocketEvents>(type: Name, listener: ((event: SocketEvents[Name]) => unknown) | {
        handleEvent(event: SocketEvents[Name]): unknown;
    } | null, options?: boolean | AddEventListenerOptions): void;
    addEventListener(type: string, listener: Listener | null, options?: boolean | AddEventListenerOptions): void;
    removeEventListener<Name extends keyof SocketEvents>(type: Name, listener: ((event: SocketEvents[Name]) => unknown) | {
        handleEvent(event: SocketEvents[Name]): unknown;
    } | null, options?: boolean | EventListenerOptions): void;
    removeEventListener(type: string, listener: Listener | null, options?: boolean | EventListenerOptions): void;
}

// socket/sockets.d.ts
import type { Core } from "../core.js";
import type { LinkEvents } from "../events.js";
import type { Event as CoreEvent } from "../generated/types/index.js";
import type { AnyLink, Driver, LegMessage, WebSocketClass } from "./driver.js";
import { type Leg, type Legs, type Path } from "./legs.js";
import { Ping, type PingOptions } from "./ping.js";
import { type Route } from "./rules.js";
export type Way = Pick<Legs, "promote" | "disconnect"> & {
    open(id: number, endpoint: string, connect: string): unknown;
};
export declare class LinkSockets implements Driver {
    #private;
    readonly link: AnyLink;
    readonly webSocket: WebSocketClass | undefined;
    readonly oneLife: {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    };
    constructor(link: AnyLink, core: Core, webSocket: WebSocketClass | undefined);
    get connect(): string;
    route(path: Path): Route;
    reason(endpoint: string): LinkEvents["switch"]["reason"] | null;
    isFinal(endpoint: string): boolean;
    get isDown(): boolean;
    ping(options: PingOptions): Ping;
    prepared(leg: Leg, work: readonly PromiseLike<unknown>[]): Promise<unknown>;
    hold(legs: Legs, way?: Way): void;
    release({ number }: Legs): void;
    reconnect(legs: Legs): void;
    tell(message: LegMessage): void;
    open(id: number, socket: number, endpoint: string, url: string): void;
    promote(id: number): void;
    disconnect(id: number, reason: string): void;
    heed(event: CoreEvent): void;
    stop(): void;
}

// socket/spares.d.ts
import type { Legs } from "./legs.js";
export declare class Spares {
    #private;
    put(key: string, legs: Legs): void;
    take(key: string): Legs | undefined;
}

// socket.d.ts
import type { Protocols, Provided } from "./socket/legs.js";
import { SteadfastSocket as Surviving } from "./socket/socket.js";
import { type StandaloneOptions } from "./standalone/options.js";
import type { Urls } from "./standalone/urls.js";
export type { WasmSource } from "./load.js";
export type { AnyLink, WebSocketClass } from "./socket/driver.js";
export { CloseEvent, ErrorEvent, MigrateEvent, type MoveFailure, type QueueState, type SocketEvents, type SocketStop, type SocketSwitch, } from "./socket/events.js";
export type { Protocols as SocketProtocols, Provided } from "./socket/legs.js";
export type { PingOptions } from "./socket/ping.js";
export type { QueueOptions, Sendable, WhenFull } from "./socket/queue.js";
export type { SocketOptions } from "./socket/socket.js";
export type { HealthOf, StandaloneOptions } from "./standalone/options.js";
export type { Urls } from "./standalone/urls.js";
export default class SteadfastSocket extends Surviving {
    constructor(url: Provided<Urls>, protocols?: Provided<Protocols>, options?: StandaloneOptions);
}

// standalone/config.d.ts
import type { Endpoint } from "../generated/types/index.js";
import type { Config } from "../steadfast.js";
import { type StandaloneOptions } from "./options.js";
export declare function endpointsOf(urls: readonly string[], { health }: StandaloneOptions): Endpoint[];
export declare function configOf(urls: readonly string[], options: StandaloneOptions): Config;

// standalone/engine.d.ts
import { Steadfast } from "../steadfast.js";
import type { StandaloneOptions } from "./options.js";
export { takeOver } from "./take-over.js";
export interface Part {
    readonly link: Steadfast;
    lead(urls: readonly string[], socket: {
        given: unknown;
    }): void;
    end(): void;
}
export declare function join(urls: readonly string[], options: StandaloneOptions, alone: boolean): Promise<Part>;

// standalone/options.d.ts
import type { HealthCheck } from "../generated/types/index.js";
import type { WasmSource } from "../load.js";
import type { SocketOptions } from "../socket/socket.js";
export type HealthOf = URL | HealthCheck;
export interface StandaloneOptions extends SocketOptions {
    health?: HealthOf | readonly (HealthOf | undefined)[] | ((url: string) => HealthOf | undefined) | undefined;
    minReconnectionDelay?: number | undefined;
    maxReconnectionDelay?: number | undefined;
    reconnectionDelayGrowFactor?: number | undefined;
    connectionTimeout?: number | undefined;
    wasm?: WasmSource | undefined;
}
export declare const TIMEOUT = 4000;
export declare function settled(options: StandaloneOptions): SocketOptions;

// standalone/standalone.d.ts
import type { AnyLink, Driver, LegMessage } from "../socket/driver.js";
import { type Legs, type Path } from "../socket/legs.js";
import type { Route } from "../socket/rules.js";
import type { StandaloneOptions } from "./options.js";
export declare class Standalone implements Driver {
    #private;
    readonly connect = "";
    readonly webSocket: {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    };
    readonly provider: (() => unknown) | undefined;
    given: unknown;
    constructor(urls: unknown, options: StandaloneOptions);
    get link(): AnyLink | null;
    route(path: Path): Route;
    hold(legs: Legs): void;
    release(): void;
    reconnect(legs: Legs): void;
    tell(message: LegMessage): void;
}

// standalone/take-over.d.ts
import type { LegMessage } from "../socket/driver.js";
import type { Leg, Legs } from "../socket/legs.js";
import type { Way } from "../socket/sockets.js";
export interface Early {
    leg?: Leg;
    opened?: boolean;
    closed?: LegMessage;
    again?: boolean;
    taken?: boolean;
}
export declare function takeOver(legs: Legs, early: Early, tell: (message: LegMessage) => void, reconnect: () => void): Way;

// standalone/urls.d.ts
export type Urls = string | URL | readonly (string | URL)[];
export declare function urlsOf(given: unknown): string[];

// steadfast.d.ts
import type { LinkEvents } from "./events.js";
import type { Config as FullConfig, EndpointState as FullEndpointState, Snapshot as FullSnapshot } from "./generated/types/index.js";
import { type LinkTelling, type StartOptions } from "./link.js";
export type Config = Omit<FullConfig, "breaker" | "failureEvents" | "history" | "recovery">;
export type EndpointState = Omit<FullEndpointState, "breaker" | "origin">;
export interface Snapshot extends Omit<FullSnapshot, "endpoints"> {
    endpoints: EndpointState[];
}
declare const Steadfast_base: LinkTelling<LinkEvents, Snapshot>;
export declare class Steadfast extends Steadfast_base {
    static start(config: Config, options?: StartOptions): Promise<Steadfast>;
}
export {};

// storage.d.ts
import type { Config } from "./generated/types/index.js";
export interface StateStorage {
    getItem(key: string): string | null | Promise<string | null>;
    setItem(key: string, value: string): void | Promise<void>;
}
export declare class Memory {
    #private;
    constructor(storage: StateStorage, key: string);
    recall(): Promise<unknown>;
    keep(state: () => unknown): Promise<void>;
}
export declare function keyOf(config: Config): string;

// surface.d.ts
export declare function surface(problem: unknown): void;


// What an editor must know of the package without any help.
import { type Config, ConfigError, type Snapshot, Steadfast, type SteadfastSocket } from "steadfast";
import { type Config as FullConfig, Steadfast as FullSteadfast } from "steadfast/full";
import StandaloneSocket, { CloseEvent } from "steadfast/socket";

export const alone: WebSocket = new StandaloneSocket(async () => ["wss://a.example", new URL("wss://b.example")], null, {
  health: "/_ping",
  minReconnectionDelay: 100,
  shouldReconnectOnClose: (event) => event instanceof CloseEvent && event.code !== 4000,
});
// @ts-expect-error: a URL is no number
new StandaloneSocket(123);

const config: Config = {
  preset: "default",
  endpoints: [
    { name: "primary", connect: "wss://a.example/live", health: "https://a.example/_ping" },
    { name: "secondary", connect: "wss://b.example/live", health: { url: "https://b.example/_ping", timeout: "2s", expectStatus: [200, "3xx"] }, priority: 1 },
  ],
  check: { interval: 5_000, mode: "no-cors" },
  suspectInterval: null,
};

// @ts-expect-error: permits are another entry's
export type { Permit } from "steadfast";
export type { Permit as FullPermit, Report } from "steadfast/full";

// @ts-expect-error: a misspelt key is found while typing
const misspelt: Config = { ...config, chekc: {} };
// @ts-expect-error: and so is a strategy that does not exist
const unknown: Config = { ...config, strategy: "best" };
// @ts-expect-error: recovery is another entry's
const tooMuch: Config = { ...config, recovery: { enabled: true } };
// @ts-expect-error: and so are circuit breakers
const guarded: Config = { ...config, breaker: { failures: 3 } };
// @ts-expect-error: and failure events
const reporting: Config = { ...config, failureEvents: { enabled: true } };
// @ts-expect-error: and a history
const remembering: Config = { ...config, history: "1d" };
const full: FullConfig = { ...config, failureEvents: { enabled: true }, recovery: { enabled: true, after: 2 } };

export async function operate(): Promise<() => void> {
  const link = await FullSteadfast.start(full);
  link.addEventListener("failure", ({ detail: { endpoint, kind, severity } }) =>
    console.log(endpoint, kind, severity, tooMuch, guarded, reporting, remembering),
  );
  const response: Response = await link.fetch("/things");
  console.log(response.ok, link.active.breaker, link.getSnapshot().endpoints[0]?.breaker, link.report().switches);
  link.addEventListener("switch", ({ detail }) => console.log(detail.to));
  return link.onRecovery(async ({ strategy, endpoint }) => strategy === "restart" && endpoint === "primary");
}

async function token(): Promise<string> {
  return (await fetch("/token")).text();
}

export async function start(): Promise<() => void> {
  try {
    using link = await Steadfast.start(config);
    link.addEventListener("switch", ({ detail }) => console.log(detail.from, detail.to, detail.reason));
    link.addEventListener("check", ({ detail: { endpoint, failure, latencyMs } }) => console.log(endpoint, failure, latencyMs));
    const socket: SteadfastSocket = link.socket("?room=1", async () => ["v1", await token()], { ping: { message: "ping", every: 10_000, within: 1_000 } });
    socket.addEventListener("message", ({ data }) => console.log(data, socket.endpoint));
    socket.addEventListener("switch", ({ detail: { from, to, reason } }) => console.log(from, to, reason));
    socket.onclose = ({ code, reason }) => console.log(code, reason);
    socket.onmigrate = async ({ socket, from, to }) => socket.send(`${from} ${to} ${await token()}`);
    // @ts-expect-error: there is no such event
    socket.addEventListener("moved", ({ detail }) => console.log(detail));
    const sent: boolean = socket.send("hello");
    // It is a WebSocket to whoever takes one.
    const plain: WebSocket = socket;
    plain.addEventListener("close", ({ wasClean }) => console.log(wasClean));
    const state: Snapshot = link.getSnapshot();
    // @ts-expect-error: circuit breakers are another entry's
    console.log(link.active.breaker);
    // @ts-expect-error: and so are requests
    console.log(link.fetch);
    // @ts-expect-error: and so are their events
    link.addEventListener("breaker", ({ detail }) => console.log(detail));
    console.log(sent, state.endpoints[0]?.rttMs, link.active.connect, misspelt, unknown);
    return link.subscribe(() => {});
  } catch (problem) {
    if (problem instanceof ConfigError) console.error(problem.problems.map(({ path }) => path));
    throw problem;
  }
}

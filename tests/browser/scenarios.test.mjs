// Every scenario goes in the npm package as it goes in Rust: the same events at the same milliseconds, through the public interface. The
// platform (fetch, timers, clocks, WebSocket, page) is one whose time passes only when it is told to. `cargo xtask test` writes the scripts.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { Steadfast as Full } from "steadfast/full";

const FOLDER = new URL("../../target/scenarios/", import.meta.url);
const names = (await readdir(FOLDER)).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
const realImmediate = globalThis.setImmediate;

/** How Node names what became of a request. */
const CODES = {
  timeout: "ETIMEDOUT",
  refused: "ECONNREFUSED",
  unreachable: "ENETUNREACH",
  dns: "ENOTFOUND",
  tls: "CERT_HAS_EXPIRED",
  reset: "ECONNRESET",
};
/** What the package tells an app, under the name that it has there. */
const TOLD = { switched: "switch", allDown: "alldown", offline: "offline", online: "online", check: "check", breaker: "breaker" };
const ARRIVALS = new Set(["failure", "answer", "opened", "closed", "received"]);

/** What an input is: the word of a message to an engine, or of what happens in the world. */
const wordOf = ({ message, world }) => message ?? world;

const endpointOf = (url) => new URL(url).hostname.replace(".example", "");

/** By what a check is known: its endpoint, and the how manieth of that it is. */
const keyOf = ({ endpoint, number }) => `${endpoint} ${number}`;

/** A platform whose time passes only when it is told to. */
class VirtualPlatform {
  time = 0;
  timers = new Map();
  checks = new Map();
  begun = [];
  sockets = [];
  opened = [];
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  scope = new EventTarget();
  navigator = { onLine: true, connection: Object.assign(new EventTarget(), { type: "wifi" }) };
  #replaced = new Map();
  #last = 0;
  #numbers = new Map();

  install() {
    const platform = this;
    class FakeSocket {
      readyState = 0;
      constructor(url) {
        platform.sockets.push(this);
        platform.opened.push([platform.time, endpointOf(url)]);
      }
      send() {}
      close() {}
    }
    const replacements = {
      fetch: (url, { signal }) => this.#fetch(url, signal),
      setTimeout: (fire, delay) => {
        this.#last += 1;
        this.timers.set(this.#last, { due: this.time + delay, fire });
        return this.#last;
      },
      clearTimeout: (id) => this.timers.delete(id),
      WebSocket: FakeSocket,
      document: this.document,
      navigator: this.navigator,
      addEventListener: this.scope.addEventListener.bind(this.scope),
    };
    for (const [name, value] of Object.entries(replacements)) this.#replace(globalThis, name, value);
    this.#replace(performance, "now", () => this.time);
    this.#replace(Date, "now", () => 1_800_000_000_000 + this.time);
  }

  uninstall() {
    for (const [[object, name], descriptor] of this.#replaced) {
      if (descriptor) Object.defineProperty(object, name, descriptor);
      else delete object[name];
    }
  }

  #replace(object, name, value) {
    this.#replaced.set([object, name], Object.getOwnPropertyDescriptor(object, name));
    Object.defineProperty(object, name, { value, configurable: true, writable: true });
  }

  #fetch(url, signal) {
    const endpoint = endpointOf(url);
    this.begun.push([this.time, endpoint]);
    // Several checks of one endpoint may be under way: they are told apart by their number.
    const number = (this.#numbers.get(endpoint) ?? 0) + 1;
    this.#numbers.set(endpoint, number);
    const key = keyOf({ endpoint, number });
    return new Promise((resolve, reject) => {
      this.checks.set(key, { resolve, reject });
      signal.addEventListener("abort", () => this.checks.delete(key));
    });
  }

  /** Lets everything run that can run at this moment. */
  async settle() {
    for (let round = 0; round < 3; round += 1) await new Promise((resolve) => realImmediate(resolve));
  }

  get nextTimer() {
    return this.timers.size === 0 ? undefined : Math.min(...[...this.timers.values()].map(({ due }) => due));
  }

  fireTimer() {
    const [id, { fire }] = [...this.timers].reduce((first, timer) => (timer[1].due < first[1].due ? timer : first));
    this.timers.delete(id);
    fire();
  }
}

/** What only `steadfast/full` has. A circuit breaker that opens draws lots: without it, what comes after falls on other milliseconds. */
const needsFull = ({ config, events, inputs }) =>
  ["breaker", "failureEvents", "history", "recovery"].some((section) => section in config) ||
  events.some(({ event }) => event === "breaker") ||
  inputs.some(({ message }) => message === "isolate");

/** Plays the world of a script. Returns what the app was told, and when. */
async function replay(script, platform) {
  const { random } = Math;
  Math.random = () => script.seed / 2 ** 53;
  const link = await (needsFull(script) ? Full : Steadfast).start(script.config);
  Math.random = random;
  const events = [];
  for (const name of Object.values(TOLD)) link.addEventListener(name, ({ detail }) => events.push({ at_ms: platform.time, ...detail }));

  const sockets = new Map();
  const tell = async (input) => {
    const leg = platform.sockets[input.id - 1];
    const check = platform.checks.get(keyOf(input));
    switch (wordOf(input)) {
      case "failure":
        platform.checks.delete(keyOf(input));
        check.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: CODES[input.kind] } }));
        break;
      case "answer":
        platform.checks.delete(keyOf(input));
        check.resolve(new Response(input.body || null, { status: input.status, headers: input.headers }));
        break;
      case "opened":
        leg.readyState = 1;
        leg.onopen?.();
        break;
      case "closed":
        leg.readyState = 3;
        leg.onclose?.({ code: input.code ?? 1006 });
        break;
      case "received":
        leg.onmessage?.({ data: "a message" });
        break;
      case "sent":
        sockets.get(script.connections[input.id - 1].socket).send("a request");
        break;
      case "network":
        if (input.network === "changed") {
          const { connection } = platform.navigator;
          connection.type = connection.type === "wifi" ? "cellular" : "wifi";
          connection.dispatchEvent(new Event("change"));
        } else {
          platform.navigator.onLine = input.network === "online";
          platform.scope.dispatchEvent(new Event(input.network));
        }
        break;
      case "lifecycle": {
        const event = { foreground: "visibilitychange", background: "visibilitychange", frozen: "freeze", resumed: "resume" }[input.lifecycle];
        if (event === "visibilitychange") platform.document.visibilityState = input.lifecycle === "background" ? "hidden" : "visible";
        platform.document.dispatchEvent(new Event(event));
        break;
      }
      case "checkNow":
        link.checkNow().catch(() => {});
        break;
      case "beginMaintenance":
        link.beginMaintenance(input.endpoint);
        break;
      case "endMaintenance":
        link.endMaintenance(input.endpoint);
        break;
      case "isolate":
        link.isolate(input.endpoint);
        break;
      case "release":
        link.release(input.endpoint);
        break;
      case "reportSuccess":
        link.reportSuccess(input.endpoint);
        break;
      case "reportFailure":
        link.reportFailure(input.endpoint);
        break;
      case "prefer":
        link.prefer(input.endpoint);
        break;
      case "setEndpoints":
        link.setEndpoints(input.endpoints);
        break;
      case "connect":
        sockets.set(input.socket, link.socket());
        break;
      case "disconnect":
        sockets.get(input.socket)?.close();
        break;
      case "reconnect":
        for (const [number, socket] of sockets) {
          // One that was closed would begin anew.
          if ((input.socket ?? number) === number && socket.shouldReconnect) socket.reconnect();
        }
        break;
      case "stop":
        link.stop();
        break;
      default:
        throw new Error(`unknown input ${wordOf(input)}`);
    }
    await platform.settle();
  };

  const inputs = [...script.inputs];
  // What holds from the start on is told before the engine runs.
  while (inputs[0]?.atMs === 0 && !ARRIVALS.has(wordOf(inputs[0]))) await tell(inputs.shift());
  await platform.settle();
  let asleepUntil = 0;
  const grid = script.timersMs ?? 1;
  while (true) {
    const [input] = inputs;
    const due = platform.nextTimer === undefined ? Number.POSITIVE_INFINITY : Math.max(platform.nextTimer, asleepUntil);
    const timer = Math.ceil(due / grid) * grid;
    const possible = input && (!["failure", "answer"].includes(input.world) || platform.checks.has(keyOf(input)));
    const inputIsNext = input && (input.atMs < timer || (input.atMs === timer && possible));
    const next = inputIsNext ? input.atMs : timer;
    if (next > script.durationMs) break;
    platform.time = Math.max(platform.time, next);
    if (!inputIsNext) {
      platform.fireTimer();
      await platform.settle();
    } else if (inputs.shift().world === "sleeps") {
      asleepUntil = next + input.durationMs;
    } else {
      await tell(input);
    }
  }
  link.stop();
  await platform.settle();
  return events;
}

/** Says the first difference; the lists are long. */
function assertSame(what, expected, came) {
  for (let index = 0; index < Math.max(expected.length, came.length); index += 1) {
    assert.deepEqual(came[index], expected[index], `${what} number ${index}`);
  }
}

describe("scenarios", () => {
  const results = {};

  before(async () => {
    assert.ok(names.length >= 20, `only ${names.length} scripts in ${FOLDER}`);
    // Loads the WebAssembly while files can still be read.
    const endpoints = [{ name: "a", connect: "ws://127.0.0.1:9/", health: "http://127.0.0.1:9/" }];
    for (const entry of [Steadfast, Full]) (await entry.start({ endpoints })).stop();
  });

  after(async () => {
    await mkdir(new URL("results/", FOLDER), { recursive: true });
    await writeFile(new URL("results/npm.json", FOLDER), JSON.stringify(results));
  });

  for (const name of names) {
    test(name, async () => {
      results[name] = "it failed; the test's message says why";
      const script = JSON.parse(await readFile(new URL(`${name}.json`, FOLDER), "utf8"));
      const platform = new VirtualPlatform();
      platform.install();
      let events;
      try {
        events = await replay(script, platform);
      } finally {
        platform.uninstall();
      }
      assertSame(
        "event",
        script.events.filter(({ event }) => event in TOLD),
        events,
      );
      const pairs = (list) => list.map(({ atMs, endpoint }) => [atMs, endpoint]);
      assertSame("check", pairs(script.checks), platform.begun);
      assertSame("connection", pairs(script.connections), platform.opened);
      results[name] = events.length;
    });
  }
});

// The npm package in Node: on a server where nothing is started, and as a client with a WebSocket class passed in.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { Steadfast as FullSteadfast } from "steadfast/full";
import { WebSocket } from "ws";
import { freePort, serveHttp, startTestbed } from "./servers.mjs";
import { pause, until } from "./waiting.mjs";

describe("node", () => {
  let testbed;
  before(async () => {
    testbed = await startTestbed();
  });
  after(() => testbed.kill());
  const servers = [];
  const serve = async (answer) => {
    const server = await serveHttp(answer);
    servers.push(server);
    return server.address().port;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  test("it knows its state without a page", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    assert.equal(link.active.name, "primary");
    assert.equal(link.getSnapshot(), link.getSnapshot(), "the same object until something changes");
    link[Symbol.dispose]();
    assert.equal(typeof link.state.state, "string");
  });

  test("a socket follows the active endpoint", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints }, { WebSocket });
    const greetings = [];
    const greeted = (endpoint) =>
      new Promise((resolve) => {
        const timer = setInterval(() => greetings.includes(endpoint) && resolve(clearInterval(timer)), 5);
      });
    link.socket().onmessage = ({ data }) => greetings.push(data);
    await greeted("primary");
    assert.equal((await link.checkNow()).status, 200);
    await testbed.fault("primary", "kill");
    await greeted("secondary");
    assert.equal(link.active.name, "secondary");
    await testbed.fault("primary", "healthy");
    link.prefer("primary");
    await greeted("primary");
    assert.throws(() => link.prefer("tertiary"), /no endpoint is called "tertiary"; there are: primary, secondary/);
    link.stop();
  });

  test("a connection is replaced on request by another one to the same endpoint", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    const [sockets, greetings, moves] = [[], [], []];
    class Counted extends WebSocket {
      constructor(...given) {
        super(...given);
        sockets.push(this);
      }
    }
    link.addEventListener("switch", ({ detail }) => moves.push(detail));
    const socket = link.socket(undefined, undefined, { WebSocket: Counted });
    socket.onmessage = ({ data }) => greetings.push(data);
    await until(() => greetings.length === 1);
    socket.reconnect();
    await until(() => greetings.length === 2 && sockets[0].readyState === WebSocket.CLOSED);
    assert.deepEqual([greetings, sockets.length, socket.send("echo")], [["primary", "primary"], 2, true]);
    assert.deepEqual(moves, []);
    link.stop();
  });

  test("checkNow is answered by a check that began after it, whichever endpoint is active by then", async () => {
    await testbed.fault("primary", { slow: 300 });
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    const checks = [];
    link.addEventListener("check", ({ detail }) => checks.push(detail));
    // The first check is under way.
    await pause(100);
    const [one, two] = await Promise.all([link.checkNow(), link.checkNow()]);
    assert.ok(one === two && one.request === 2, "one check answers both");
    const [older] = checks.filter(({ endpoint }) => endpoint === "primary");
    assert.ok(older !== one && older.request === null, "and it is not the one that was under way");
    await until(() => link.state.endpoints[1].health === "healthy");
    const answer = link.checkNow();
    link.prefer("secondary");
    await until(() => link.active.name === "secondary");
    assert.equal((await answer).request, 3);
    await testbed.fault("primary", "healthy");
    link.stop();
  });

  test("failures are told apart by Node's own codes", async () => {
    const [primary] = testbed.endpoints;
    const kinds = { [`http://127.0.0.1:${await freePort()}/`]: "refused", "http://no-such-host.invalid/": "dns" };
    for (const [health, kind] of Object.entries(kinds)) {
      const link = await Steadfast.start({ endpoints: [{ ...primary, health }], initialDelay: "1s" });
      assert.equal((await link.checkNow()).failure, kind, health);
      link.stop();
    }
  });

  test("requests go to the active endpoint, and once more elsewhere if they fail and may be repeated", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints });
    await link.checkNow();
    assert.equal((await link.fetch("/_ping")).status, 200);
    link.isolate("primary");
    const [{ connect: there }] = testbed.endpoints.slice(1);
    // The other one is known to be healthy once it has been checked.
    await until(() => link.state.endpoints[1].health === "healthy");
    assert.equal(new URL((await link.fetch("/_ping")).url).host, new URL(there).host, "the breaker refuses, so the other one is asked");
    const post = () => link.fetch("/_ping", { method: "POST" });
    assert.equal(new URL((await post()).url).host, new URL(there).host, "whatever the method, for nothing was sent");
    link.isolate("secondary");
    await assert.rejects(post(), { name: "CircuitOpenError", endpoint: "primary", state: "isolated", retryAfterMs: null });
    for (const { name } of testbed.endpoints) link.release(name);
    await testbed.fault("primary", { status: 503 });
    assert.equal((await post()).status, 503, "a POST is not repeated");
    assert.equal((await link.fetch("/_ping")).status, 200, "a GET is");
    await testbed.fault("primary", "healthy");
    link.stop();
    await assert.rejects(link.fetch("/_ping"), /has been stopped/);
  });

  test("a request never leaves the endpoint", async () => {
    const seen = [];
    const other = await serve((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const host = `127.0.0.1:${other}`;
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints, breaker: { failures: 1 } });
    const headers = { authorization: "Bearer a-secret" };
    for (const path of [`//${host}/`, `/\\${host}/`, `http://${host}/`, `http:\\\\${host}/`, "data:,", "blob:http://127.0.0.1/x"]) {
      await assert.rejects(link.fetch(path, { headers }), { name: "TypeError", message: /leads to another origin/ }, path);
    }
    // The endpoint's own URL is no other origin, but that of the next-best one is.
    const own = new URL(testbed.endpoints[0].health);
    assert.equal((await link.fetch(`//${own.host}/_ping`)).status, 200);
    await until(() => link.state.endpoints[1].health === "healthy");
    await testbed.fault("primary", { status: 503 });
    assert.equal((await link.fetch(`//${own.host}/_ping`)).status, 503);
    assert.deepEqual([seen, link.state.endpoints[1].breaker], [[], "closed"]);
    await testbed.fault("primary", "healthy");
    link.stop();
  });

  test("what another host answers after a redirect says nothing of the endpoint", async () => {
    const stranger = await serve((_, response) => response.writeHead(500).end());
    const elsewhere = { location: `http://127.0.0.1:${stranger}/` };
    const server = await serve((_, response) => response.writeHead(302, elsewhere).end());
    const connect = `ws://127.0.0.1:${server}/`;
    const link = await FullSteadfast.start({ endpoints: [{ ...testbed.endpoints[0], connect }], breaker: { failures: 1 } });
    assert.equal((await link.fetch("/")).status, 500);
    assert.equal(link.active.breaker, "closed");
    link.stop();
  });

  test("a path is the same at an endpoint of another scheme", async () => {
    const seen = [];
    const server = await serve((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const [primary, secondary] = testbed.endpoints;
    const connect = { primary: `wss://127.0.0.1:${await freePort()}/`, secondary: `ws://127.0.0.1:${server}/` };
    const link = await FullSteadfast.start({
      endpoints: [
        { ...primary, connect: connect.primary },
        { ...secondary, connect: connect.secondary },
      ],
    });
    await until(() => link.state.endpoints.every(({ health }) => health === "healthy"));
    // Relative to the first endpoint's URL, this would be a host of its own to the second one's.
    assert.equal((await link.fetch("https:evil.invalid/x?y")).status, 200);
    assert.deepEqual(seen, ["/evil.invalid/x?y"]);
    await assert.rejects(link.fetch("//evil.invalid/x?token=s3cr3t"), ({ message }) => !message.includes("s3cr3t"));
    link.stop();
  });

  test("the app's own mistakes are thrown before a breaker is asked", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints.slice(0, 1), breaker: { failures: 1, open: "10ms", openMax: "10ms" } });
    link.tryAcquire().failure();
    await pause(50);
    // More than a half-open breaker lets through at a time.
    for (let call = 0; call < 4; call += 1) {
      await assert.rejects(link.fetch("/_ping", { body: "a GET has none" }), { name: "TypeError" });
      await assert.rejects(link.fetch("/_ping", { headers: { "not a token": "" } }), { name: "TypeError" });
      await assert.rejects(link.fetch("//other.example/_ping"), { name: "TypeError" });
      await assert.rejects(link.fetch("/_ping", { signal: AbortSignal.abort() }), { name: "AbortError" });
      assert.throws(() => link.tryAcquire({ excluding: "tertiary" }), RangeError);
    }
    assert.equal(link.active.breaker, "open");
    const permit = link.tryAcquire();
    assert.deepEqual([permit.endpoint, permit.origin, link.active.breaker], ["primary", new URL(testbed.endpoints[0].health).origin, "halfOpen"]);
    permit.success();
    link.stop();
  });

  test("a body that is a stream is sent once, to the endpoint whose breaker lets it through", async () => {
    const bodies = [];
    const server = await serve(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      bodies.push(body);
      response.writeHead(503).end();
    });
    const host = `127.0.0.1:${server}`;
    const [primary, secondary] = testbed.endpoints;
    const link = await FullSteadfast.start({ endpoints: [primary, { ...secondary, connect: `ws://${host}/` }] });
    await until(() => link.state.endpoints.every(({ health }) => health === "healthy"));
    link.isolate("primary");
    const body = () => new Blob(["streamed"]).stream();
    assert.equal((await link.fetch("/", { method: "PUT", body: body(), duplex: "half" })).status, 503);
    assert.deepEqual(bodies, ["streamed"]);
    link.isolate("secondary");
    const kept = body();
    await assert.rejects(link.fetch("/", { method: "PUT", body: kept, duplex: "half" }), { name: "CircuitOpenError" });
    assert.equal(kept.locked, false, "nothing was sent, so that the app still has it");
    link.release("secondary");
    kept.getReader();
    for (let call = 0; call < 5; call += 1) {
      await assert.rejects(link.fetch("/", { method: "PUT", body: kept, duplex: "half" }), { name: "TypeError" });
    }
    assert.equal(link.state.endpoints[1].breaker, "closed", "a stream that is being read is the app's own mistake");
    link.stop();
  });

  test("five failures in a row open the breaker, whose changes are told", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints.slice(0, 1), breaker: { open: "10m", openMax: "10m" } });
    const changes = [];
    link.addEventListener("breaker", ({ detail }) => changes.push(`${detail.from} to ${detail.to}`));
    assert.equal(link.active.breaker, "closed");
    for (let call = 0; call < 5; call += 1) link.tryAcquire().failure();
    assert.equal(link.active.breaker, "open", "the next line sees it");
    await until(() => changes.length === 1);
    assert.deepEqual(changes, ["closed to open"]);
    assert.throws(() => link.tryAcquire(), /the circuit breaker of primary is open; try again in \d+ ms/);
    link.stop();
  });

  test("a request that is given up frees its trial, and one that takes too long has failed", async () => {
    const [primary, secondary] = testbed.endpoints;
    // Its health check goes elsewhere: only requests meet the fault.
    const endpoints = [{ ...primary, health: secondary.health }];
    const link = await FullSteadfast.start({ endpoints, breaker: { failures: 1, open: "10ms", openMax: "10ms" } });
    const states = [];
    link.addEventListener("breaker", ({ detail }) => states.push(detail.to));
    await link.checkNow();
    await testbed.fault("primary", "hang");
    link.tryAcquire().failure();
    await pause(50);
    // One more than a half-open breaker lets through at a time.
    for (let call = 0; call < 4; call += 1) {
      const givenUp = new AbortController();
      const request = link.fetch("/_ping", { method: "POST", signal: givenUp.signal });
      setTimeout(() => givenUp.abort(), 20);
      await assert.rejects(request, { name: "AbortError" });
      await pause(5);
    }
    assert.deepEqual(states, ["open", "halfOpen"]);
    await assert.rejects(link.fetch("/_ping", { method: "POST", signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
    await until(() => states.length > 2);
    assert.equal(states[2], "open");
    await testbed.fault("primary", "healthy");
    link.stop();
  });

  test("a permit can be given back", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints, breaker: { failures: 1 } });
    for (let call = 0; call < 2; call += 1) {
      const permit = link.tryAcquire({ excluding: "secondary" });
      permit.release();
      permit.failure();
    }
    await pause(20);
    assert.equal(link.active.breaker, "closed", "only the first report counts");
    link.stop();
  });

  test("requests that no permit was asked for are reported, and a failure is looked into at once", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints, check: { interval: "10m" } });
    await link.checkNow();
    let checks = 0;
    link.addEventListener("check", ({ detail }) => {
      if (detail.endpoint === "primary") checks += 1;
    });
    link.reportSuccess("primary");
    await pause(100);
    assert.equal(checks, 0);
    link.reportFailure("primary");
    await until(() => checks > 0);
    assert.throws(() => link.reportSuccess("tertiary"), RangeError);
    link.stop();
  });

  test("a permit that outlives its link does no harm", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints });
    const permit = link.tryAcquire();
    link.stop();
    await pause(20);
    permit.failure();
    assert.throws(() => link.tryAcquire(), /has been stopped/);
  });

  test("it explains its verdicts and reports what it has seen", async () => {
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints });
    await link.checkNow();
    assert.equal(link.explain().text, "primary is healthy: nothing speaks against it");
    await testbed.fault("primary", { status: 500 });
    await until(() => link.active.name === "secondary");
    const { text, suspicion, level, evidence } = link.explain("primary");
    assert.match(text, /it was found unhealthy: suspicion 9.0 of 8.0, from status 500 \(3.0\), status 500 \(3.0\), status 500 \(3.0\)$/);
    assert.deepEqual([suspicion, level, evidence.length], [9, 8, 3]);
    const { switches, endpoints } = link.report();
    assert.deepEqual([switches, endpoints[0].errors], [1, [{ class: "http", count: endpoints[0].failed }]]);
    assert.ok(endpoints[0].checks > 3 && endpoints[0].uptimePercent <= 100 && endpoints[1].uptimePercent === 100);
    assert.equal(link.report(Number.POSITIVE_INFINITY).switches, 1);
    assert.throws(() => link.report(-1), /a positive number of milliseconds, not -1/);
    assert.throws(() => link.explain("tertiary"), RangeError);
    await testbed.fault("primary", "healthy");
    link.stop();
  });

  test("a restart begins with the last good endpoint, and with whatever cannot be read as if nothing had been kept", async () => {
    const kept = new Map();
    const storage = { getItem: async (key) => kept.get(key) ?? null, setItem: async (key, value) => void kept.set(key, value) };
    const options = { storage };
    const first = await Steadfast.start({ endpoints: testbed.endpoints, strategy: "sticky" }, options);
    await first.checkNow();
    first.prefer("secondary");
    await until(() => kept.size === 1);
    first.stop();
    const [value] = kept.values();
    assert.ok(value.length < 4096 && !value.includes("127.0.0.1"), value);
    const second = await Steadfast.start({ endpoints: testbed.endpoints, strategy: "sticky" }, options);
    assert.equal(second.active.name, "secondary");
    second.stop();
    for (const broken of ["{", "[]", '{"steadfast":99}']) {
      for (const key of kept.keys()) kept.set(key, broken);
      const link = await Steadfast.start({ endpoints: testbed.endpoints }, options);
      assert.equal(link.active.name, "primary", broken);
      link.stop();
    }
  });

  test("the full entry tells of failures, acts by itself and hands over what others must do", async () => {
    const check = { interval: "100ms" };
    const recovery = { enabled: true, after: 2 };
    const link = await FullSteadfast.start({ endpoints: testbed.endpoints, check, preset: "orchestrator", initialDelay: "0ms", recovery });
    const [kinds, actions, asked] = [new Set(), [], []];
    link.addEventListener("failure", ({ detail: { endpoint, kind } }) => kinds.add(`${endpoint}: ${kind}`));
    link.addEventListener("recovery", ({ detail: { endpoint, strategy, ok, error } }) => {
      if (endpoint === "primary") actions.push([strategy, ok, error]);
    });
    const end = link.onRecovery(async ({ strategy, endpoint }) => {
      if (endpoint !== "primary") return false;
      asked.push(strategy);
      if (asked.length === 1) throw new Error("nobody may restart it");
      return true;
    });
    await until(() => link.state.endpoints[0].health === "healthy");
    await testbed.fault("secondary", "kill");
    await testbed.fault("primary", { status: 500 });
    await until(() => asked.length === 2);
    end();
    assert.ok(kinds.has("primary: healthCheckFailed"), [...kinds].join());
    assert.deepEqual(actions[0], ["removeFromLoadBalancer", false, "no other endpoint is healthy"]);
    assert.deepEqual(asked, ["restart", "recreate"]);
    for (const { name } of testbed.endpoints) await testbed.fault(name, "healthy");
    link.stop();
  });

  test("the small entry refuses the settings of the full one, and says where they are", async () => {
    for (const section of ["breaker", "failureEvents", "history", "recovery"]) {
      const message = `${section}: not in this build; on the web, import from \`steadfast/full\``;
      await assert.rejects(Steadfast.start({ endpoints: testbed.endpoints, [section]: {} }), { name: "ConfigError", message });
    }
    const nested = [{ ...testbed.endpoints[0], breaker: {} }];
    await assert.rejects(Steadfast.start({ endpoints: nested }), { message: /^endpoints\[0\]\.breaker: unknown key/ });
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    assert.deepEqual([link.fetch, link.tryAcquire, link.report, link.active.breaker], [undefined, undefined, undefined, undefined]);
    link.stop();
  });
});

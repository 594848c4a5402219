// The npm package's face in Node: what an app may do, in any order, and what it may do wrong.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { WebSocket } from "ws";
import { serveHttp, startTestbed } from "./servers.mjs";
import { pause, until } from "./waiting.mjs";

describe("the face", () => {
  let testbed;
  const links = [];
  const start = async (config = {}, options = {}) => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints, ...config }, { WebSocket, ...options });
    links.push(link);
    return link;
  };
  before(async () => {
    testbed = await startTestbed();
  });
  afterEach(() => {
    for (const link of links.splice(0)) link.stop();
  });
  after(() => testbed.kill());

  test("what one call changes, the next one sees, and subscribers hear of it", async () => {
    const [primary, secondary] = testbed.endpoints;
    const link = await start({ endpoints: [primary] });
    let told = 0;
    link.subscribe(() => {
      told += 1;
    });
    await link.checkNow();
    await pause(10);
    told = 0;
    link.setEndpoints([primary, secondary]);
    assert.deepEqual(
      link.state.endpoints.map(({ name }) => name),
      ["primary", "secondary"],
    );
    link.prefer("secondary");
    link.beginMaintenance("primary");
    assert.equal(link.state.endpoints[0].health, "maintenance");
    link.endMaintenance("primary");
    assert.equal(link.state.endpoints[0].health, "unknown");
    await pause(0);
    assert.ok(told > 0);
    const wrong = [{ ...primary, name: "" }];
    assert.throws(() => link.setEndpoints(wrong), { name: "ConfigError", message: /^endpoints\[0\]\.name: / });
    assert.equal(link.state.endpoints.length, 2);
  });

  test("messages that arrive leave the state the same object", async () => {
    const link = await start({ endpoints: testbed.endpoints.slice(0, 1), check: { interval: "10m" } });
    await link.checkNow();
    const heard = [];
    const socket = link.socket();
    socket.onmessage = ({ data }) => heard.push(data);
    await until(() => heard.length === 1);
    // Steadfast is told of messages four times a second at most.
    await pause(300);
    const state = link.getSnapshot();
    socket.send("echo");
    await until(() => heard.length === 2);
    assert.equal(link.getSnapshot(), state);
  });

  test("a storage that never answers delays the start by a second, and no longer", async () => {
    const storage = { getItem: () => new Promise(() => {}), setItem: () => {} };
    assert.equal((await start({}, { storage })).active.name, "primary");
  });

  test("a setting that is undefined is left out", async () => {
    const link = await start({ strategy: undefined, check: { interval: undefined } });
    assert.equal(link.active.name, "primary");
  });

  test("a getter of the app's that throws does no harm", async () => {
    const link = await start();
    const mine = new Error("getter");
    const trap = {
      get name() {
        throw mine;
      },
    };
    assert.throws(() => link.setEndpoints([trap]), mine);
    await assert.rejects(Steadfast.start({ endpoints: [trap] }), mine);
    assert.equal((await link.checkNow()).status, 200);
    link.stop();
    await pause(10);
  });

  test("a socket can be closed and another one be opened", async () => {
    const link = await start();
    const heard = [];
    const connected = [];
    for (const name of ["connected", "disconnected"]) link.addEventListener(name, ({ detail }) => connected.push(`${name} ${detail.endpoint}`));
    const open = () => {
      const socket = link.socket();
      socket.onmessage = ({ data }) => heard.push(data);
      return socket;
    };
    const socket = open();
    await until(() => heard.length === 1);
    socket.close();
    assert.deepEqual([socket.endpoint, socket.send("x")], [null, false]);
    const another = open();
    socket.close();
    await until(() => heard.length === 2);
    assert.equal(another.endpoint, "primary");
    assert.deepEqual(connected, ["connected primary", "connected primary"]);
    const clients = await fetch(`${testbed.control}/endpoints`).then((response) => response.json());
    assert.equal(clients.length, 2);
    another.close();
    await pause(100);
    assert.equal(another.endpoint, null);
    assert.equal((await link.checkNow()).status, 200, "the watching goes on");
  });

  test("a connection that cannot be opened is told", async () => {
    const refusing = await serveHttp((_, response) => response.end());
    refusing.on("upgrade", (_, socket) => socket.end("HTTP/1.1 500 No\r\n\r\n"));
    const host = `127.0.0.1:${refusing.address().port}`;
    const link = await start({ endpoints: [{ name: "only", connect: `ws://${host}/`, health: `http://${host}/` }] });
    const told = [];
    link.addEventListener("disconnected", ({ detail }) => told.push(detail));
    assert.throws(() => link.socket("", ["not a token"]), { name: "SyntaxError" });
    link.socket("", "chat.v1");
    await until(() => told.length > 1);
    assert.equal(told[0].endpoint, "only");
    link.stop();
    refusing.close();
  });

  test("an answer whose body stalls is given up within moments, and at once when the link stops", async () => {
    const open = new Set();
    const stalling = await serveHttp((_, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write("half.");
    });
    stalling.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    const host = `127.0.0.1:${stalling.address().port}`;
    const endpoints = [{ name: "only", connect: `ws://${host}/`, health: `http://${host}/` }];
    const link = await start({ endpoints, check: { interval: "100ms" } });
    await pause(3_000);
    assert.equal(link.active.health, "healthy");
    // One a tenth of a second, each for a second.
    assert.ok(open.size > 0 && open.size <= 14, `${open.size} sockets`);
    link.stop();
    await until(() => open.size === 0);
    stalling.close();
  });

  test("links to other endpoints have memories of their own", async () => {
    const kept = new Map();
    const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
    const elsewhere = testbed.endpoints.map((endpoint) => ({ ...endpoint, connect: endpoint.connect.replace("127.0.0.1", "localhost") }));
    for (const [endpoints, storageKey] of [[testbed.endpoints], [elsewhere], [testbed.endpoints, "mine"]]) {
      const link = await start({ endpoints, strategy: "sticky" }, { storage, ...(storageKey && { storageKey }) });
      await link.checkNow();
      link.stop();
      await pause(20);
    }
    assert.equal(kept.size, 3);
    assert.ok(kept.has("mine"));
  });

  test("what cannot work here is refused with the reason", async () => {
    const [primary] = testbed.endpoints;
    const wrong = { ...primary, health: "tcp://127.0.0.1:5432", connect: primary.connect.replace("//", "//me:secret@") };
    await assert.rejects(Steadfast.start({ endpoints: [wrong] }), ({ name, problems }) => {
      assert.equal(name, "ConfigError");
      assert.deepEqual(problems.map(({ path }) => path).sort(), ["endpoints[0].connect", "endpoints[0].health.url"]);
      return true;
    });
  });
});

// Tests of partysocket 1.3.0, `reconnecting.test.ts` and `reconnecting-node.test.ts`, for any class: those that it has added to
// reconnecting-websocket's or changed. The others are in reconnecting-websocket.mjs, for both.
// Their names and expectations: Copyright (c) 2010-2012, Joe Walnes, MIT licence, see LICENSES.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import { pause, until } from "../waiting.mjs";
import { asLongAs, complaint, countedWebSocket, next, rigFor, textOf } from "./rig.mjs";

const QUICK = { minReconnectionDelay: 100, maxReconnectionDelay: 200 };
const QUICKER = { minReconnectionDelay: 50, maxReconnectionDelay: 100 };

export function partysocketTests({ Socket, traits: { differs } }) {
  const rig = rigFor(Socket);

  /** A server that sends back what it gets, as bytes. */
  const serveBytes = () => rig.serve((client) => client.once("message", (data) => client.send(data)));

  for (const [name, debug] of [
    ["debug on", true],
    ["debug off", undefined],
  ]) {
    test(name, async ({ mock }) => {
      const log = mock.method(console, "log", () => {}).mock;
      await next(rig.socket(await rig.nowhere(), undefined, { maxRetries: 0, debug }), "error");
      const said = log.calls.filter(({ arguments: words }) => words.join(" ") === "RWS> connect 0").length;
      assert.deepEqual([said, log.callCount() > 0], debug ? [1, true] : [0, false]);
    });
  }

  test("websocket invalid protocolsProvider", async () => {
    const told = await complaint(() => rig.socket("ws://127.0.0.1:1/", () => /Hahaha/, { maxRetries: 0 }));
    assert.deepEqual(told, { by: "event", message: "Invalid protocols" });
  });

  for (const [name, provider, protocol] of [
    ["websocket sync protocolsProvider", () => "bar", "bar"],
    ["websocket async protocolsProvider", async () => "foo", "foo"],
  ]) {
    test(name, async () => {
      const { url } = await rig.serve();
      const socket = rig.socket(url, provider, {});
      await next(socket, "open");
      assert.deepEqual([socket.url, socket.protocol], [url, protocol]);
      const closed = next(socket, "close");
      socket.close();
      await closed;
    });
  }

  test("calling to close multiple times", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, {});
    let closes = 0;
    socket.addEventListener("close", () => {
      closes += 1;
    });
    await next(socket, "open");
    for (let call = 0; call < 3; call += 1) socket.close();
    await pause(100);
    assert.equal(closes, 1);
  });

  /** Sends a message, gets it back, and closes. */
  async function conversation(socket, url) {
    const told = [];
    socket.addEventListener("close", ({ code, reason }) => told.push({ code, reason, state: socket.readyState, url: socket.url }));
    await next(socket, "open");
    assert.deepEqual([socket.protocol, socket.readyState], ["foobar", socket.OPEN]);
    socket.send("hello");
    const { data } = await next(socket, "message");
    assert.ok(data instanceof Blob);
    assert.equal(await data.text(), "hello");
    socket.close(1000, "some reason");
    assert.equal(socket.readyState, socket.CLOSED, "it is closed as soon as close() returns");
    assert.deepEqual(told, [{ code: 1000, reason: "some reason", state: socket.CLOSED, url }]);
  }

  test("start closed", async () => {
    const { url } = await serveBytes();
    const socket = rig.socket(url, "foobar", { ...QUICK, startClosed: true });
    assert.equal(socket.readyState, socket.CLOSED);
    await pause(100);
    assert.equal(socket.readyState, socket.CLOSED);
    socket.reconnect();
    await conversation(socket, url);
  });

  test("connect, send, receive, close", async () => {
    const { url } = await serveBytes();
    const socket = rig.socket(url, "foobar", QUICK);
    assert.equal(socket.readyState, socket.CONNECTING);
    await conversation(socket, url);
  });

  test("connect, send, receive, reconnect", async () => {
    const { url } = await serveBytes();
    const socket = rig.socket(url, "foobar", QUICK);
    const [seen, closes] = [[], []];
    let round = 0;
    await new Promise((resolve) => {
      socket.onopen = () => {
        round += 1;
        seen.push([socket.protocol, socket.readyState]);
        socket.send("hello");
      };
      socket.onmessage = ({ data }) => {
        assert.ok(data instanceof Blob && data.size === 5);
        if (round < 3) {
          socket.reconnect(1000, "reconnect");
          seen.push([socket.retryCount, socket.readyState]);
        } else {
          socket.close(1000, "close");
          seen.push([socket.readyState]);
        }
      };
      socket.addEventListener("close", ({ reason }) => {
        closes.push([reason, socket.url]);
        if (round === 3) resolve();
      });
    });
    const open = ["foobar", socket.OPEN];
    const again = [0, socket.CLOSING];
    assert.deepEqual(seen, [open, again, open, again, open, [socket.CLOSED]]);
    assert.deepEqual(closes, [
      ["reconnect", url],
      ["reconnect", url],
      ["close", url],
    ]);
  });

  /** A server that closes its first connection for a reason that is the client's. */
  const serveOnePolicy = () => rig.serve((client, connection) => connection === 1 && client.close(1008, "policy"));

  test("shouldReconnectOnClose=false stops reconnecting before close listeners run", async () => {
    const server = await serveOnePolicy();
    const socket = rig.socket(server.url, undefined, { ...QUICKER, shouldReconnectOnClose: ({ code }) => code !== 1008 });
    const seen = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve([code, reason, socket.shouldReconnect]));
    });
    assert.deepEqual(await seen, [1008, "policy", false]);
    await pause(200);
    assert.equal(server.connections, 1);
  });

  test("shouldReconnectOnClose preserves default reconnect behavior when omitted", async () => {
    const server = await serveOnePolicy();
    const socket = rig.socket(server.url, undefined, QUICKER);
    await until(() => server.connections === 2);
    socket.close();
    await pause(200);
    assert.equal(server.connections, 2);
  });

  test("reconnect() re-enables a socket stopped by shouldReconnectOnClose", async () => {
    const server = await serveOnePolicy();
    const socket = rig.socket(server.url, undefined, { ...QUICKER, shouldReconnectOnClose: ({ code }) => code !== 1008 });
    const wishes = [];
    socket.addEventListener("close", ({ code }) => {
      if (code !== 1008) return;
      wishes.push(socket.shouldReconnect);
      socket.reconnect();
    });
    await until(() => server.connections === 2);
    socket.close();
    assert.deepEqual(wishes, [false]);
  });

  test("reconnection delay grow factor", async () => {
    const WebSocket = countedWebSocket();
    const delays = { minReconnectionDelay: 50, maxReconnectionDelay: 500, reconnectionDelayGrowFactor: 2 };
    const socket = rig.socket(await rig.nowhere(), [], { ...delays, WebSocket });
    const expected = [50, 100, 200, 400, 500, 500];
    await until(() => WebSocket.made.length > expected.length);
    socket.close();
    const waited = expected.map((_, index) => WebSocket.made[index + 1].at - WebSocket.made[index].at);
    const right = waited.every((millis, index) => asLongAs(millis, expected[index]));
    assert.ok(right, waited.join());
  });

  test("minUptime", { skip: differs.minUptime }, async () => {
    const WebSocket = countedWebSocket();
    // Three times as long as there, for a machine that does other things as well.
    const { url } = await rig.serve((client, connection) => connection <= 6 && setTimeout(() => client.close(), connection * 60));
    const delays = { minReconnectionDelay: 50, maxReconnectionDelay: 1_000, reconnectionDelayGrowFactor: 2 };
    const socket = rig.socket(url, [], { ...delays, minUptime: 225, WebSocket });
    const closes = [];
    socket.addEventListener("close", () => closes.push({ at: performance.now(), count: socket.retryCount }));
    let opens = 0;
    await new Promise((resolve) => {
      socket.addEventListener("open", () => {
        opens += 1;
        if (opens === 7) resolve(socket.close());
      });
    });
    const expected = [50, 100, 200, 50, 50, 50];
    const waited = expected.map((_, index) => WebSocket.made[index + 1].at - closes[index].at);
    const right = waited.every((millis, index) => asLongAs(millis, expected[index]));
    assert.ok(right, waited.join());
    const counts = closes.slice(0, 6).map(({ count }) => count);
    assert.deepEqual(counts, [1, 2, 3, 1, 1, 1]);
  });

  test("send() returns true when transmitted and false when buffered", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url);
    assert.equal(socket.send("queued"), false);
    await next(socket, "open");
    assert.equal(socket.send("immediate"), true);
  });

  test("drainQueuedMessages() removes and returns buffered messages", () => {
    const socket = rig.socket("ws://127.0.0.1:1/", undefined, { startClosed: true });
    for (const message of ["one", "two"]) socket.send(message);
    assert.equal(socket.bufferedAmount, "onetwo".length);
    assert.deepEqual([socket.drainQueuedMessages(), socket.bufferedAmount, socket.drainQueuedMessages()], [["one", "two"], 0, []]);
  });

  test("close() dispatches its close event synchronously, exactly once", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url);
    let closes = 0;
    socket.addEventListener("close", () => {
      closes += 1;
    });
    await next(socket, "open");
    socket.close(1000, "sync close");
    assert.deepEqual([closes, socket.readyState], [1, socket.CLOSED]);
    await pause(300);
    assert.equal(closes, 1, "the end of the closing handshake is no second close");
  });

  test("close() while still CONNECTING dispatches its close event synchronously", async () => {
    const stalling = createServer(() => {}).listen(0, "127.0.0.1");
    await once(stalling, "listening");
    // The class itself: an error of an abandoned connection must not go unheard.
    const options = { WebSocket, maxRetries: 0, connectionTimeout: 10_000 };
    const socket = rig.socket(`ws://127.0.0.1:${stalling.address().port}/`, undefined, options);
    let closes = 0;
    socket.addEventListener("close", () => {
      closes += 1;
    });
    await pause(100);
    assert.equal(socket.readyState, socket.CONNECTING);
    socket.close();
    assert.deepEqual([closes, socket.readyState], [1, socket.CLOSED]);
    await pause(200);
    assert.equal(closes, 1);
    stalling.close();
  });

  test("close() inside a close listener does not dispatch a duplicate close event", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url);
    let closes = 0;
    socket.addEventListener("close", () => {
      closes += 1;
      socket.close();
    });
    await next(socket, "open");
    socket.close();
    await pause(300);
    assert.equal(closes, 1);
  });

  test("reconnect() immediately after close() does not dispatch a duplicate close event", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, { minReconnectionDelay: 10, maxReconnectionDelay: 50 });
    let closes = 0;
    socket.addEventListener("close", () => {
      closes += 1;
    });
    await next(socket, "open");
    const again = next(socket, "open");
    socket.close();
    socket.reconnect();
    await again;
    assert.equal(closes, 1);
  });

  const warnings = (mock) => mock.method(console, "warn", () => {}).mock;

  test("warns when send() is called after close()", async ({ mock }) => {
    const { url } = await rig.serve();
    const warn = warnings(mock);
    const socket = rig.socket(url);
    await next(socket, "open");
    socket.close();
    assert.equal(warn.callCount(), 0);
    socket.send("late message");
    assert.equal(warn.callCount(), 1);
    assert.match(warn.calls[0].arguments[0], /send\(\) was called after close\(\)/);
    socket.send("another late message");
    assert.deepEqual([warn.callCount(), socket.bufferedAmount], [1, "late messageanother late message".length]);
  });

  test("messages sent after close() are delivered after reconnect(), and the warning resets", async ({ mock }) => {
    const arrived = [];
    const { url } = await rig.serve((client) => client.on("message", async (data) => arrived.push(await textOf(data))));
    const warn = warnings(mock);
    const socket = rig.socket(url, undefined, { minReconnectionDelay: 10, maxReconnectionDelay: 50 });
    await next(socket, "open");
    socket.close();
    socket.send("buffered while closed");
    assert.equal(warn.callCount(), 1);
    socket.reconnect();
    await until(() => arrived.length === 1);
    assert.deepEqual(arrived, ["buffered while closed"]);
    socket.close();
    socket.send("and again");
    assert.equal(warn.callCount(), 2);
  });

  test("reconnect() works after maxRetries has been exhausted", async () => {
    const { url } = await rig.serve();
    let goal = await rig.nowhere();
    const socket = rig.socket(() => goal, undefined, { maxRetries: 0, connectionTimeout: 500, minReconnectionDelay: 10, maxReconnectionDelay: 50 });
    await next(socket, "error");
    goal = url;
    const opened = next(socket, "open");
    socket.reconnect();
    await opened;
  });

  test("pass WebSocket via options", async () => {
    delete globalThis.WebSocket;
    const { url } = await rig.serve();
    const Counted = countedWebSocket();
    const socket = rig.socket(url, undefined, { WebSocket: Counted, maxRetries: 0 });
    socket.reconnect();
    await next(socket, "open");
    assert.ok(Counted.made.length > 0);
  });
}

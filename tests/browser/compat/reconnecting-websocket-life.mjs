// The tests of reconnecting-websocket 4.4.0, `test/test.js`, for any class: the life of a socket.
// Their names and expectations: Copyright (c) 2018 Pedro Ladaria, MIT licence, see LICENSES.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pause } from "../waiting.mjs";
import { asLongAs, countedWebSocket, next, rigFor } from "./rig.mjs";

const QUICK = { minReconnectionDelay: 100, maxReconnectionDelay: 200 };

export function reconnectingWebSocketLifeTests({ Socket, traits: { differs, closesAtOnce } }) {
  const rig = rigFor(Socket);
  const closing = closesAtOnce ? 3 : 2;

  /** Sends a message, gets it back, and closes. */
  async function conversation(socket, url) {
    await next(socket, "open");
    assert.deepEqual([socket.protocol, socket.readyState], ["foobar", socket.OPEN]);
    socket.send("hello");
    assert.equal((await next(socket, "message")).data, "hello");
    const closed = next(socket, "close");
    socket.close(1000, "");
    assert.equal(socket.readyState, closing);
    await closed;
    assert.deepEqual([socket.readyState, socket.url], [socket.CLOSED, url]);
  }

  test("start closed", async () => {
    const { url } = await rig.serveEcho();
    const socket = rig.socket(url, "foobar", { ...QUICK, startClosed: true });
    assert.equal(socket.readyState, socket.CLOSED);
    await pause(300);
    assert.equal(socket.readyState, socket.CLOSED);
    socket.reconnect();
    await conversation(socket, url);
  });

  test("connect, send, receive, close", async () => {
    const { url } = await rig.serveEcho();
    const socket = rig.socket(url, "foobar", QUICK);
    assert.equal(socket.readyState, socket.CONNECTING);
    await conversation(socket, url);
  });

  test("connect, send, receive, reconnect", async () => {
    const { url } = await rig.serveEcho();
    const socket = rig.socket(url, "foobar", QUICK);
    const [seen, reasons] = [[], []];
    let round = 0;
    await new Promise((resolve) => {
      socket.onopen = () => {
        round += 1;
        seen.push([socket.protocol, socket.readyState]);
        socket.send("hello");
      };
      socket.onmessage = ({ data }) => {
        assert.equal(data, "hello");
        if (round < 3) {
          socket.reconnect(1000, "reconnect");
          seen.push([socket.retryCount, socket.readyState]);
        } else {
          socket.close(1000, "close");
          seen.push([socket.readyState]);
        }
      };
      socket.addEventListener("close", ({ reason }) => {
        assert.equal(socket.url, url);
        reasons.push(reason);
        if (round === 3) resolve();
      });
    });
    assert.equal(socket.readyState, socket.CLOSED);
    assert.deepEqual(reasons, ["reconnect", "reconnect", "close"]);
    // While it reconnects, its old connection is closing.
    const open = ["foobar", 1];
    assert.deepEqual(seen, [open, [0, 2], open, [0, 2], open, [closing]]);
  });

  test("immediately-failed connection should not timeout", async () => {
    const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: 2, connectionTimeout: 500, maxReconnectionDelay: 600 });
    const messages = [];
    await new Promise((resolve) => {
      socket.addEventListener("error", ({ message }) => {
        messages.push(message);
        if (socket.retryCount === 2) resolve();
      });
    });
    await pause(700);
    assert.ok(!messages.includes("TIMEOUT") && socket.retryCount === 2, messages.join());
  });

  test("immediately-failed connection with 0 maxRetries must not retry", async () => {
    const socket = rig.socket(await rig.nowhere(), [], { maxRetries: 0, connectionTimeout: 1_000, ...QUICK });
    const messages = [];
    socket.addEventListener("error", ({ message }) => messages.push(message));
    await next(socket, "error");
    await pause(1_100);
    assert.ok(messages.length === 1 && messages[0] !== "TIMEOUT", messages.join());
  });

  test("connect and close before establishing connection", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, QUICK);
    socket.close();
    const events = [];
    for (const type of ["open", "close"]) socket.addEventListener(type, () => events.push(type));
    await pause(500);
    assert.ok(events.length === 0 || events.join() === "close", events.join());
  });

  for (const [name, options, kept] of [
    ["enqueue messages", {}, 10],
    ["respect maximum enqueued messages", { maxEnqueuedMessages: 2 }, 2],
  ]) {
    test(name, async () => {
      const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: 0, ...options });
      for (let sent = 0; sent < 10; sent += 1) socket.send("message");
      await next(socket, "error");
      assert.equal(socket.bufferedAmount, "message".length * kept);
    });
  }

  test("enqueue messages before websocket initialization with expected order", async () => {
    const arrived = [];
    const { url } = await rig.serve((client) => client.on("message", (data) => arrived.push(String(data))));
    const socket = rig.socket(url);
    const messages = ["message1", "message2", "message3"];
    for (const message of messages) socket.send(message);
    assert.equal(socket.bufferedAmount, messages.join("").length);
    await next(socket, "open");
    socket.send("ok");
    while (!arrived.includes("ok")) await pause(5);
    assert.deepEqual(arrived, [...messages, "ok"]);
  });

  test("closing from the other side should reconnect", async () => {
    const server = await rig.serve((client, connection) => {
      if (connection < 3) setTimeout(() => client.close(), 100);
    });
    const socket = rig.socket(server.url, undefined, QUICK);
    let opens = 0;
    await new Promise((resolve) => {
      socket.addEventListener("open", () => {
        opens += 1;
        if (opens === 3) resolve(socket.close());
      });
    });
    await pause(500);
    assert.deepEqual([opens, server.connections], [3, 3]);
  });

  test("closing from the other side should allow to keep closed", async () => {
    const server = await rig.serve((client, connection) => client.close(3999 + connection, String(3999 + connection)));
    const socket = rig.socket(server.url, undefined, QUICK);
    await new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        if (code === 4001 && reason === "4001") resolve(socket.close());
      });
    });
    await pause(700);
    assert.equal(server.connections, 2);
  });

  test("reconnection delay grow factor", async () => {
    const WebSocket = countedWebSocket();
    const delays = { minReconnectionDelay: 100, maxReconnectionDelay: 1_000, reconnectionDelayGrowFactor: 2 };
    const socket = rig.socket(await rig.nowhere(), [], { ...delays, WebSocket });
    const expected = [100, 200, 400, 800, 1_000, 1_000];
    while (WebSocket.made.length <= expected.length) await pause(20);
    socket.close();
    const waited = expected.map((_, index) => WebSocket.made[index + 1].at - WebSocket.made[index].at);
    assert.ok(
      waited.every((millis, index) => asLongAs(millis, expected[index])),
      waited.join(),
    );
  });

  test("minUptime", { skip: differs.minUptime }, async () => {
    const WebSocket = countedWebSocket();
    const lasting = 110;
    const { url } = await rig.serve((client, connection) => connection <= 6 && setTimeout(() => client.close(), connection * lasting));
    const delays = { minReconnectionDelay: 100, maxReconnectionDelay: 2_000, reconnectionDelayGrowFactor: 2 };
    const socket = rig.socket(url, [], { ...delays, minUptime: 500, WebSocket });
    const closes = [];
    socket.addEventListener("close", () => closes.push({ at: performance.now(), count: socket.retryCount }));
    let opens = 0;
    await new Promise((resolve) => {
      socket.addEventListener("open", () => {
        opens += 1;
        if (opens === 7) resolve(socket.close());
      });
    });
    const expected = [100, 200, 400, 800, 100, 100];
    const waited = expected.map((_, index) => WebSocket.made[index + 1].at - closes[index].at);
    assert.ok(
      waited.every((millis, index) => asLongAs(millis, expected[index])),
      waited.join(),
    );
    assert.deepEqual(
      closes.slice(0, 6).map(({ count }) => count),
      [1, 2, 3, 4, 1, 1],
    );
  });

  test("reconnect after closing", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, QUICK);
    let opens = 0;
    socket.addEventListener("open", () => {
      opens += 1;
      socket.close();
    });
    await next(socket, "close");
    await pause(700);
    socket.reconnect();
    await next(socket, "close");
    await pause(700);
    assert.equal(opens, 2);
  });
}

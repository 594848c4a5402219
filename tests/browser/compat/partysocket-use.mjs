// Tests of partysocket 1.3.0, `integration.test.ts`, `performance.test.ts` and `react-native.test.ts`, for any class: those of them that
// are about the WebSocket, without limits in milliseconds.
// Their names and expectations: Copyright (c) 2010-2012, Joe Walnes, MIT licence, see LICENSES.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pause, until } from "../waiting.mjs";
import { next, rigFor, textOf } from "./rig.mjs";

/** Nobody listens there. */
const NOWHERE = "ws://127.0.0.1:1/";
const QUICK = { minReconnectionDelay: 50, maxReconnectionDelay: 100 };

/** Whoever is connected gets what anybody sends. */
const broadcast = (server) => (client) =>
  client.on("message", (data) => {
    for (const other of server().clients) other.send(data);
  });

export function partysocketUseTests({ Socket, CloseEvent, ErrorEvent, traits: { differs } }) {
  const rig = rigFor(Socket);

  /** The texts that arrive, in order. */
  function heard(socket) {
    const texts = [];
    let last = Promise.resolve();
    socket.addEventListener("message", ({ data }) => {
      last = last.then(async () => texts.push(await textOf(data)));
    });
    return texts;
  }

  describe("Integration - Full Lifecycle", () => {
    test("complete WebSocket lifecycle: connect, send, receive, close", async () => {
      const { url } = await rig.serve((client) => client.on("message", (data) => client.send(`echo: ${data}`)));
      const socket = rig.socket(url);
      await next(socket, "open");
      assert.equal(socket.readyState, Socket.OPEN);
      socket.send("integration-test-message");
      assert.equal(await textOf((await next(socket, "message")).data), "echo: integration-test-message");
      const closed = next(socket, "close");
      socket.close();
      await closed;
      assert.equal(socket.readyState, Socket.CLOSED);
    });

    test("handles server disconnect and reconnect", async () => {
      const server = await rig.serve((client, connection) => connection === 1 && setTimeout(() => client.close(), 100));
      const socket = rig.socket(server.url, undefined, QUICK);
      await next(socket, "open");
      await next(socket, "close");
      await next(socket, "open");
      assert.equal(server.connections, 2);
    });

    test("maintains message order during high load", async () => {
      const { url } = await rig.serveEcho();
      const socket = rig.socket(url);
      const texts = heard(socket);
      await next(socket, "open");
      const sent = Array.from({ length: 20 }, (_, index) => `message-${index}`);
      for (const message of sent) {
        socket.send(message);
        await pause(10);
      }
      await until(() => texts.length === sent.length);
      assert.deepEqual(texts, sent);
    });
  });

  describe("Integration - Multiple Concurrent Connections", () => {
    test("handles multiple PartySocket instances", async () => {
      const { url } = await rig.serve((client) => client.send("welcome"));
      const sockets = Array.from({ length: 5 }, () => rig.socket(url));
      await Promise.all(sockets.map((socket) => next(socket, "message")));
      for (const socket of sockets) assert.equal(socket.readyState, Socket.OPEN);
    });

    test("sockets with different configurations work independently", async ({ mock }) => {
      mock.method(console, "log", () => {});
      const { url } = await rig.serve();
      const [one, two] = [rig.socket(`${url}one`, undefined, { debug: true }), rig.socket(`${url}two`, undefined, { maxRetries: 5 })];
      await Promise.all([next(one, "open"), next(two, "open")]);
      assert.deepEqual([one.url, two.url], [`${url}one`, `${url}two`]);
    });
  });

  describe("Integration - Real-World Scenarios", () => {
    test("chat application scenario", async () => {
      const server = await rig.serve(broadcast(() => server));
      const users = [1, 2, 3].map(() => rig.socket(server.url));
      await Promise.all(users.map((user) => next(user, "open")));
      const texts = users.map(heard);
      users[0].send("Hello from user 0!");
      await until(() => texts.every(({ length }) => length > 0));
      assert.deepEqual(texts, Array(3).fill(["Hello from user 0!"]));
    });

    test("collaborative editing scenario", async () => {
      const done = [];
      const { url } = await rig.serve((client) =>
        client.on("message", (data) => {
          done.push(String(data));
          client.send(`ack:${data}`);
        }),
      );
      const editor = rig.socket(url);
      const acks = heard(editor);
      await next(editor, "open");
      const operations = ["insert:0:H", "insert:1:i", "insert:2:!"];
      for (const operation of operations) editor.send(operation);
      await until(() => acks.length === 3);
      assert.deepEqual([done, acks], [operations, operations.map((operation) => `ack:${operation}`)]);
    });

    test("gaming scenario with frequent updates", async () => {
      const { url } = await rig.serve((client) => {
        const ticking = setInterval(() => client.send("pos:0.5,0.5"), 10);
        client.on("close", () => clearInterval(ticking));
      });
      const updates = heard(rig.socket(url));
      await until(() => updates.length >= 50);
      assert.ok(updates.every((update) => update.startsWith("pos:")));
    });
  });

  describe("Integration - Error Recovery", () => {
    test("recovers from network interruption", async () => {
      const server = await rig.serve((client, connection) => {
        if (connection === 1) setTimeout(() => client.close(), 100);
        else client.send("recovered");
      });
      const texts = heard(rig.socket(server.url, undefined, QUICK));
      await until(() => texts.includes("recovered"));
      assert.equal(server.connections, 2);
    });

    test("handles server restart", async () => {
      const { url } = await rig.serve((client, connection) => client.send(`server-v${connection}`));
      const socket = rig.socket(url, undefined, { minReconnectionDelay: 50 });
      const versions = heard(socket);
      await until(() => versions.length === 1);
      socket.reconnect();
      await until(() => versions.length === 2);
      assert.deepEqual(versions, ["server-v1", "server-v2"]);
    });
  });

  describe("Performance - Message Throughput", () => {
    for (const [name, count, message] of [
      ["handles high message volume", 1_000, "message"],
      ["handles rapid small messages efficiently", 500, "x"],
      ["handles large messages efficiently", 1, "x".repeat(10_000)],
    ]) {
      test(name, async () => {
        const { url } = await rig.serveEcho();
        const socket = rig.socket(url);
        const texts = heard(socket);
        await next(socket, "open");
        const sent = Array.from({ length: count }, (_, index) => `${message}-${index}`);
        for (const each of sent) socket.send(each);
        await until(() => texts.length === count);
        assert.deepEqual(texts, sent);
      });
    }
  });

  describe("Performance - Connection Speed", () => {
    test("connects quickly", async () => {
      await next(rig.socket((await rig.serve()).url), "open");
    });

    test("reconnects quickly after disconnect", async () => {
      const { url } = await rig.serve((client, connection) => connection === 1 && setTimeout(() => client.close(), 100));
      const socket = rig.socket(url, undefined, QUICK);
      await next(socket, "close");
      await next(socket, "open");
    });
  });

  describe("Performance - Message Queue", () => {
    test("respects maxEnqueuedMessages limit efficiently", () => {
      const socket = rig.socket(NOWHERE, undefined, { maxRetries: 0, maxEnqueuedMessages: 10 });
      for (let sent = 0; sent < 10_000; sent += 1) socket.send("message");
      assert.equal(socket.bufferedAmount, 70);
    });

    test("message queue operations are fast", () => {
      const socket = rig.socket(NOWHERE, undefined, { maxRetries: 0, maxEnqueuedMessages: 1_000 });
      for (let sent = 0; sent < 1_000; sent += 1) socket.send("message");
      assert.equal(socket.bufferedAmount, 7_000);
    });
  });

  describe("Performance - Reconnection Logic", () => {
    test("multiple reconnect calls don't cause performance issues", () => {
      const socket = rig.socket(NOWHERE, undefined, { maxRetries: 0, startClosed: true });
      for (let call = 0; call < 100; call += 1) socket.reconnect();
    });
  });

  describe("Performance - Event Handling", () => {
    test("adding many event listeners is efficient", () => {
      const socket = rig.socket(NOWHERE, undefined, { startClosed: true });
      let called = 0;
      for (let added = 0; added < 100; added += 1) {
        for (const type of ["open", "message", "close", "error"]) {
          socket.addEventListener(type, () => {
            called += 1;
          });
        }
      }
      socket.dispatchEvent(new Event("open"));
      assert.equal(called, 100);
    });

    test("removing many event listeners is efficient", () => {
      const socket = rig.socket(NOWHERE, undefined, { startClosed: true });
      const listeners = Array.from({ length: 100 }, () => () => assert.fail());
      for (const listener of listeners) socket.addEventListener("open", listener);
      for (const listener of listeners) socket.removeEventListener("open", listener);
      socket.dispatchEvent(new Event("open"));
    });
  });

  describe("Performance - Memory", () => {
    test("closed sockets can be garbage collected", () => {
      for (let made = 0; made < 100; made += 1) new Socket(NOWHERE, undefined, { startClosed: true }).close();
    });

    test("message queue doesn't grow unbounded", () => {
      const socket = rig.socket(NOWHERE, undefined, { maxRetries: 0, maxEnqueuedMessages: 10 });
      for (let sent = 0; sent < 1_000; sent += 1) socket.send(`message-${sent}`);
      assert.ok(socket.bufferedAmount <= 10 * 15);
    });
  });

  describe("React Native environment detection", () => {
    test("cloneEventNode creates valid Event instances", { skip: differs["cloneEventNode creates valid Event instances"] }, () => {
      const closing = new CloseEvent(1000, "test", {});
      assert.ok(closing instanceof Event);
      assert.deepEqual([closing.type, closing.code, closing.reason], ["close", 1000, "test"]);
      const failing = new ErrorEvent(new Error("test error"), {});
      assert.ok(failing instanceof Event);
      assert.deepEqual([failing.type, failing.message], ["error", "test error"]);
    });

    test("event classes can be dispatched via EventTarget", { skip: differs["event classes can be dispatched via EventTarget"] }, () => {
      const target = new EventTarget();
      let received;
      target.addEventListener("close", (event) => {
        received = event;
      });
      target.dispatchEvent(new CloseEvent(1000, "normal closure", {}));
      assert.ok(received instanceof Event);
    });
  });
}

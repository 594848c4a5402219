// The tests of reconnecting-websocket 4.4.0, `test/test.js`, for any class: what a socket is made of.
// Their names and expectations: Copyright (c) 2018 Pedro Ladaria, MIT licence, see LICENSES.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { pause } from "../waiting.mjs";
import { complaint, countedWebSocket, next, rigFor } from "./rig.mjs";

export function reconnectingWebSocketTests({ Socket, traits: { differs, throwsWithoutClass, complains } }) {
  const rig = rigFor(Socket);

  async function needsAClass(options = {}) {
    const told = await complaint(() => rig.socket("ws://127.0.0.1:1/", undefined, { maxRetries: 0, ...options }));
    assert.equal(told.by, throwsWithoutClass ? "thrown" : "event");
  }

  test("throws with invalid constructor", async () => {
    delete globalThis.WebSocket;
    await needsAClass({ WebSocket: 123 });
  });

  test("throws with missing constructor", async () => {
    delete globalThis.WebSocket;
    await needsAClass();
  });

  test("does not throw with object-based constructor", { skip: "skipped there, too" }, () => {});

  test("throws with non-constructor object", async () => {
    globalThis.WebSocket = {};
    await needsAClass();
  });

  test("throws if not created with `new`", () => {
    assert.throws(() => Socket("ws://127.0.0.1:1/", undefined), TypeError);
  });

  test("global WebSocket is used if available", async () => {
    globalThis.WebSocket = countedWebSocket();
    const { made } = globalThis.WebSocket;
    await next(rig.socket(await rig.nowhere(), undefined, { maxRetries: 0 }), "error");
    assert.equal(made.length, 1);
  });

  test("getters when not ready", { skip: differs["getters when not ready"] }, async () => {
    const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: 0 });
    const { bufferedAmount, protocol, url, extensions, binaryType } = socket;
    assert.deepEqual(
      { bufferedAmount, protocol, url, extensions, binaryType },
      { bufferedAmount: 0, protocol: "", url: "", extensions: "", binaryType: "blob" },
    );
    await next(socket, "error");
  });

  test("debug", async ({ mock }) => {
    const log = mock.method(console, "log", () => {}).mock;
    await next(rig.socket(await rig.nowhere(), undefined, { maxRetries: 0 }), "error");
    assert.equal(log.callCount(), 0);
    await next(rig.socket(await rig.nowhere(), undefined, { maxRetries: 0, debug: true }), "error");
    assert.deepEqual(log.calls.find(({ arguments: [_, said] }) => said === "connect").arguments, ["RWS>", "connect", 0]);
  });

  test("pass WebSocket via options", async () => {
    delete globalThis.WebSocket;
    const Counted = countedWebSocket();
    await next(rig.socket(await rig.nowhere(), undefined, { WebSocket: Counted, maxRetries: 0 }), "error");
    assert.equal(Counted.made.length, 1);
  });

  test("URL provider", async () => {
    const { url } = await rig.serve();
    for (const provider of [url, () => url, async () => url]) {
      const Counted = countedWebSocket();
      await next(rig.socket(provider, undefined, { WebSocket: Counted, maxRetries: 0 }), "open");
      assert.equal(Counted.made[0].url, url);
    }
    for (const wrong of [123, () => 123]) {
      assert.deepEqual(await complaint(() => rig.socket(wrong, undefined, { maxRetries: 0 })), { by: complains, message: "Invalid URL" });
    }
  });

  const protocols = { "websocket protocol": "foobar", "undefined websocket protocol": undefined, "null websocket protocol": null };
  for (const [name, given] of Object.entries(protocols)) {
    test(name, async () => {
      const { url } = await rig.serve();
      const socket = rig.socket(url, given, {});
      await next(socket, "open");
      assert.deepEqual([socket.url, socket.protocol], [url, given ?? ""]);
      const closed = next(socket, "close");
      socket.close();
      await closed;
    });
  }

  test("connection status constants", async () => {
    const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: 0 });
    for (const { CONNECTING, OPEN, CLOSING, CLOSED } of [Socket, socket]) assert.deepEqual([CONNECTING, OPEN, CLOSING, CLOSED], [0, 1, 2, 3]);
    socket.close();
  });

  for (const count of [0, 1, 5]) {
    test(`max retries: ${count}`, async () => {
      const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: count, maxReconnectionDelay: 200 });
      const counts = [];
      await new Promise((resolve) => {
        socket.addEventListener("error", () => {
          counts.push(socket.retryCount);
          if (socket.retryCount === count) resolve();
        });
      });
      await pause(500);
      assert.equal(Math.max(...counts), count);
    });
  }

  test("level0 event listeners are kept after reconnect", async () => {
    const delays = { reconnectionDelayGrowFactor: 1.2, maxReconnectionDelay: 20, minReconnectionDelay: 10 };
    const socket = rig.socket(await rig.nowhere(), undefined, { maxRetries: 4, ...delays });
    const handlers = { onopen: () => {}, onclose: () => {}, onmessage: () => {} };
    await new Promise((resolve, reject) => {
      handlers.onerror = () => {
        for (const [name, handler] of Object.entries(handlers)) if (socket[name] !== handler) reject(new Error(`${name} has changed`));
        if (socket.retryCount === 4) resolve();
      };
      Object.assign(socket, handlers);
    });
  });

  const level2 = {
    "level2 event listeners": (listener) => listener,
    "level2 event listeners using object with handleEvent": (listener) => ({ handleEvent: listener }),
  };
  for (const [name, shaped] of Object.entries(level2)) {
    test(name, async () => {
      const { url } = await rig.serve();
      const socket = rig.socket(url, "foobar", {});
      const opened = new Promise((resolve) => socket.addEventListener("open", shaped(resolve)));
      let failed = false;
      const fail = shaped(() => {
        failed = true;
      });
      for (const type of ["unknown1", "open", "open"]) socket.addEventListener(type, fail);
      for (const type of ["open", "unknown2"]) socket.removeEventListener(type, fail);
      await opened;
      assert.deepEqual([socket.protocol, socket.extensions, socket.bufferedAmount], ["foobar", "", 0]);
      const closed = new Promise((resolve) => socket.addEventListener("close", shaped(resolve)));
      socket.close();
      await closed;
      assert.equal(failed, false);
    });
  }

  test("connection timeout", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await next(Object.assign(silent, { addEventListener: silent.on }), "listening");
    const options = { minReconnectionDelay: 50, connectionTimeout: 500, maxRetries: 1 };
    const socket = rig.socket(`ws://127.0.0.1:${silent.address().port}/`, undefined, options);
    const messages = [];
    await new Promise((resolve) => {
      socket.addEventListener("error", ({ message }) => {
        messages.push(message);
        if (socket.retryCount === 1) resolve();
      });
    });
    await pause(1_000);
    silent.close();
    assert.deepEqual([...new Set(messages)], ["TIMEOUT"]);
  });

  test("getters", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, "foobar", { maxReconnectionDelay: 100 });
    await next(socket, "open");
    assert.deepEqual([socket.protocol, socket.extensions, socket.bufferedAmount, socket.binaryType], ["foobar", "", 0, "blob"]);
    const closed = next(socket, "close");
    socket.close();
    await closed;
  });

  test("binaryType", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, { minReconnectionDelay: 0 });
    assert.equal(socket.binaryType, "blob");
    socket.binaryType = "arraybuffer";
    await next(socket, "open");
    assert.equal(socket.binaryType, "arraybuffer");
    socket.binaryType = "blob";
    assert.equal(socket.binaryType, "blob");
    const closed = next(socket, "close");
    socket.close();
    await closed;
  });

  test("calling to close multiple times", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, {});
    await next(socket, "open");
    const closed = next(socket, "close");
    for (let call = 0; call < 3; call += 1) socket.close();
    await closed;
  });

  test("calling to reconnect when not ready", async () => {
    const { url } = await rig.serve();
    const socket = rig.socket(url, undefined, {});
    socket.reconnect();
    socket.reconnect();
    await next(socket, "open");
    const closed = next(socket, "close");
    socket.close();
    await closed;
  });
}

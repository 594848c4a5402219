// Tests of partysocket 1.3.0, `edge-cases.test.ts` and `error-handling.test.ts`, for any class: those of them that are about the WebSocket.
// Their names and expectations: Copyright (c) 2010-2012, Joe Walnes, MIT licence, see LICENSES.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pause, until } from "../waiting.mjs";
import { complaint, countedWebSocket, next, rigFor } from "./rig.mjs";

/** Nobody listens there. */
const NOWHERE = "ws://127.0.0.1:1/";

export function partysocketEdgeTests({ Socket, traits: { complains } }) {
  const rig = rigFor(Socket);

  const closed = (options = {}) => rig.socket(NOWHERE, undefined, { startClosed: true, ...options });
  const failing = (options = {}) => rig.socket(NOWHERE, undefined, { maxRetries: 0, ...options });

  /** One that starts closed, and whose server is there. */
  async function startClosed(connected) {
    const { url } = await rig.serve(connected);
    return rig.socket(url, undefined, { startClosed: true });
  }

  async function opened(socket) {
    const open = next(socket, "open");
    socket.reconnect();
    await open;
  }

  describe("Edge Cases - BinaryType", () => {
    test("should default binaryType to 'blob'", () => {
      assert.equal(closed().binaryType, "blob");
    });

    test("should set binaryType before connection", () => {
      const socket = closed();
      socket.binaryType = "arraybuffer";
      assert.equal(socket.binaryType, "arraybuffer");
    });

    test("should apply binaryType to WebSocket after connection", async () => {
      const socket = await startClosed((client) => client.send(Buffer.from("x")));
      socket.binaryType = "arraybuffer";
      const message = next(socket, "message");
      await opened(socket);
      assert.equal(socket.binaryType, "arraybuffer");
      assert.ok((await message).data instanceof ArrayBuffer);
    });

    test("should preserve binaryType across reconnections", async () => {
      const socket = await startClosed();
      socket.binaryType = "arraybuffer";
      await opened(socket);
      assert.equal(socket.binaryType, "arraybuffer");
      await opened(socket);
      assert.equal(socket.binaryType, "arraybuffer");
    });
  });

  describe("Edge Cases - Message Queue", () => {
    for (const [name, limit] of [
      ["should queue messages up to maxEnqueuedMessages", 3],
      ["should not queue messages beyond maxEnqueuedMessages", 2],
      ["should handle exactly maxEnqueuedMessages", 5],
    ]) {
      test(name, () => {
        const socket = closed({ maxEnqueuedMessages: limit });
        for (let sent = 0; sent < limit; sent += 1) socket.send("message");
        const before = socket.bufferedAmount;
        assert.equal(before, limit * "message".length);
        socket.send("one more");
        assert.equal(socket.bufferedAmount, before);
      });
    }

    for (const [kind, message, bytes] of [
      ["string", "hello", 5],
      ["Blob", new Blob(["test data"]), 9],
      ["ArrayBuffer", new ArrayBuffer(8), 8],
      ["ArrayBufferView", new Uint8Array([1, 2, 3, 4, 5]), 5],
    ]) {
      test(`should calculate bufferedAmount for ${kind} messages`, () => {
        const socket = closed();
        socket.send(message);
        assert.equal(socket.bufferedAmount, bytes);
      });
    }

    test("should flush message queue on connection", async () => {
      const arrived = [];
      const socket = await startClosed((client) => client.on("message", (data) => arrived.push(String(data))));
      for (const message of ["queued1", "queued2"]) socket.send(message);
      assert.ok(socket.bufferedAmount > 0);
      await opened(socket);
      await until(() => arrived.length === 2);
      assert.deepEqual(arrived, ["queued1", "queued2"]);
    });
  });

  describe("Edge Cases - ReadyState Constants", () => {
    for (const [name, of] of [
      ["should expose static readyState constants", () => Socket],
      ["should expose instance readyState constants", closed],
    ]) {
      test(name, () => {
        const { CONNECTING, OPEN, CLOSING, CLOSED } = of();
        assert.deepEqual([CONNECTING, OPEN, CLOSING, CLOSED], [0, 1, 2, 3]);
      });
    }

    test("should report CLOSED state when startClosed is true", () => {
      assert.equal(closed().readyState, Socket.CLOSED);
    });

    test("should report CONNECTING state by default", () => {
      assert.equal(failing().readyState, Socket.CONNECTING);
    });
  });

  describe("Edge Cases - Close Behavior", () => {
    test("should handle close() when not connected", () => {
      closed().close();
    });

    test("should handle multiple close() calls", async () => {
      const socket = await startClosed();
      await opened(socket);
      socket.close();
      socket.close();
    });

    test("should set shouldReconnect to false when close() is called", async () => {
      const socket = await startClosed();
      const wishes = [socket.shouldReconnect];
      socket.reconnect();
      wishes.push(socket.shouldReconnect);
      socket.close();
      wishes.push(socket.shouldReconnect);
      assert.deepEqual(wishes, [false, true, false]);
    });
  });

  describe("Edge Cases - RetryCount", () => {
    test("should start with retryCount 0", () => {
      assert.equal(closed().retryCount, 0);
    });

    test("should reset retryCount when reconnect() is called", async () => {
      const socket = await startClosed();
      await opened(socket);
      socket.reconnect();
      assert.equal(socket.retryCount, 0);
    });
  });

  describe("Edge Cases - Extensions and Protocol", () => {
    for (const attribute of ["extensions", "protocol", "url"]) {
      test(`should return empty string for ${attribute} when not connected`, () => {
        assert.equal(closed()[attribute], "");
      });
    }
  });

  describe("Error Handling - URL Providers", () => {
    const throws = () => {
      throw new Error("URL generation failed");
    };
    for (const [name, provider, message] of [
      ["handles async URL provider that throws", async () => throws(), "URL generation failed"],
      ["handles sync URL provider that throws", throws, "URL generation failed"],
      ["handles invalid URL provider type", 123, "Invalid URL"],
    ]) {
      test(name, async () => {
        assert.deepEqual(await complaint(() => rig.socket(provider, undefined, { maxRetries: 0 })), { by: complains, message });
      });
    }
  });

  describe("Error Handling - Protocol Providers", () => {
    test("handles invalid protocol provider", async () => {
      assert.match((await complaint(() => rig.socket(NOWHERE, () => /regex/, { maxRetries: 0 }))).message, /Invalid protocols/);
    });

    test("handles null protocol provider", async () => {
      const { url } = await rig.serve();
      const WebSocket = countedWebSocket();
      const socket = rig.socket(url, null, { maxRetries: 0, startClosed: true, WebSocket });
      await opened(socket);
      assert.deepEqual([socket.protocol, [WebSocket.made[0].protocols ?? []].flat()], ["", []]);
    });
  });

  describe("Error Handling - PartySocket Validation", () => {
    test("handles missing WebSocket constructor gracefully", async ({ mock }) => {
      delete globalThis.WebSocket;
      mock.method(console, "error", () => {});
      // There it says so on the console, once in a program's life.
      const { by } = await complaint(() => failing());
      assert.equal(by, "event");
    });
  });

  describe("Error Handling - Connection Failures", () => {
    test("handles immediate connection failure", async () => {
      const socket = failing({ maxRetries: 1, maxReconnectionDelay: 100 });
      let errors = 0;
      socket.addEventListener("error", () => {
        errors += 1;
      });
      await pause(500);
      assert.ok(errors > 0 && socket.retryCount > 0);
    });

    test("stops retrying after maxRetries", async () => {
      const socket = failing({ maxRetries: 3, minReconnectionDelay: 10, maxReconnectionDelay: 20 });
      let errors = 0;
      socket.addEventListener("error", () => {
        errors += 1;
      });
      await pause(500);
      assert.deepEqual([socket.retryCount, errors], [3, 4]);
    });

    test("handles connection timeout", async () => {
      failing({ connectionTimeout: 100, maxRetries: 1 });
      await pause(500);
    });
  });

  describe("Error Handling - Message Queue", () => {
    test("respects maxEnqueuedMessages limit", () => {
      const socket = failing({ maxEnqueuedMessages: 5 });
      for (let sent = 0; sent < 15; sent += 1) socket.send(`message-${sent}`);
      assert.ok(socket.bufferedAmount > 0 && socket.bufferedAmount <= 50);
    });

    test("calculates buffered amount for different message types", () => {
      const socket = closed({ maxRetries: 0 });
      for (const message of ["hello", new ArrayBuffer(10), new Blob(["test"])]) socket.send(message);
      assert.equal(socket.bufferedAmount, 5 + 10 + 4);
    });
  });

  describe("Error Handling - Close Scenarios", () => {
    test("handles close before connection established", () => {
      const socket = closed({ maxRetries: 0 });
      socket.close();
      assert.equal(socket.readyState, 3);
    });

    test("handles multiple close calls", () => {
      const socket = closed();
      for (let call = 0; call < 3; call += 1) socket.close();
      assert.equal(socket.readyState, Socket.CLOSED);
    });

    test("handles reconnect while already connecting", async () => {
      const socket = failing();
      for (let call = 0; call < 3; call += 1) socket.reconnect();
      await pause(100);
      socket.close();
    });
  });

  describe("Error Handling - Edge Cases", () => {
    test("handles extremely long message queue", () => {
      const socket = failing({ maxEnqueuedMessages: Number.POSITIVE_INFINITY });
      for (let sent = 0; sent < 1_000; sent += 1) socket.send("message");
      assert.equal(socket.bufferedAmount, 7_000);
    });

    test("handles empty message send", () => {
      closed({ maxRetries: 0 }).send("");
    });

    test("handles rapid reconnect calls", () => {
      const socket = closed({ maxRetries: 0 });
      for (let call = 0; call < 10; call += 1) socket.reconnect();
      socket.close();
    });

    test("handles binaryType changes while disconnected", () => {
      const socket = closed();
      socket.binaryType = "arraybuffer";
      socket.binaryType = "blob";
      assert.equal(socket.binaryType, "blob");
    });
  });

  describe("Error Handling - Retry Logic", () => {
    test("resets retry count on successful connection", async () => {
      const options = { maxRetries: 5, minReconnectionDelay: 10, maxReconnectionDelay: 20, connectionTimeout: 500, minUptime: 50 };
      const { url } = await rig.serve();
      let goal = NOWHERE;
      const socket = rig.socket(() => goal, undefined, options);
      await until(() => socket.retryCount > 1);
      goal = url;
      await next(socket, "open");
      assert.ok(socket.retryCount > 0);
      await until(() => socket.retryCount === 0);
    });

    test("exponential backoff increases delay correctly", async () => {
      const WebSocket = countedWebSocket();
      failing({ minReconnectionDelay: 50, maxReconnectionDelay: 500, reconnectionDelayGrowFactor: 2, maxRetries: 5, WebSocket });
      await until(() => WebSocket.made.length > 4);
      // Before the second attempt, a class may have something to load.
      const [, second, third, fourth, fifth] = WebSocket.made.map(({ at }) => at);
      assert.ok(fourth - third > third - second && fifth - fourth > fourth - third);
    });
  });

  describe("Error Handling - Debug Mode", () => {
    test("custom debugLogger receives messages", () => {
      const said = [];
      const socket = closed({ debug: true, debugLogger: (...words) => said.push(words), maxRetries: 0 });
      socket.reconnect();
      assert.ok(said.some(([mark, what, detail]) => mark === "RWS>" && typeof what === "string" && detail !== undefined));
    });

    test("debug mode logs connection attempts", async ({ mock }) => {
      const log = mock.method(console, "log", () => {}).mock;
      failing({ debug: true, maxRetries: 1 });
      await pause(100);
      assert.ok(log.callCount() > 0);
    });
  });
}

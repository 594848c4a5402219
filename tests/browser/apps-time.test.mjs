// What a connection needs of the app, and what the app has to send itself, takes its time: no server is blamed for that.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { WebSocket } from "ws";
import { bothHealthy, logOf, Stage } from "./stage.mjs";
import { pause, until } from "./waiting.mjs";

describe("a socket of an app that is slow", () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  /** Two servers and a link to them that gives little time. */
  async function begin(isChecked, config) {
    const [a, b] = await stage.serve("a", "b");
    if (!isChecked) for (const { endpoint } of [a, b]) delete endpoint.health;
    return { a, b, link: await stage.start([a, b], config) };
  }

  for (const isChecked of [true, false]) {
    const where = isChecked ? "with a health check" : "without a health check";

    test(`a function that never answers is asked again, and no server blamed: ${where}`, async () => {
      const { a, b, link } = await begin(isChecked, { connectTimeout: "150ms" });
      const moved = [];
      link.addEventListener("switch", ({ detail }) => moved.push(detail));
      let asked = 0;
      const socket = link.socket(() => {
        asked += 1;
        return asked < 5 ? new Promise(() => {}) : "/live";
      });
      const log = logOf(socket);
      await until(() => log.includes("open"));
      const late = ["error steadfast: the function for URL or protocols is late", "close 1006 false"];
      assert.deepEqual(log, [...late, ...late, ...late, ...late, "open"]);
      assert.deepEqual([a.clients.length, b.clients.length, moved.length], [1, 0, 0]);
      assert.notEqual(link.state.endpoints[0].health, "unhealthy");
    });

    test(`a function that is slow has as much time as a server, which then has its own: ${where}`, async () => {
      const { a, b, link } = await begin(isChecked);
      const socket = link.socket(() => pause(1_500).then(() => "/live"));
      const log = logOf(socket);
      await until(() => log.length > 0);
      assert.deepEqual([log, a.clients.length, b.clients.length], [["open"], 1, 0]);
    });
  }

  for (const [title, fails] of [
    ["fails", () => Promise.reject(new Error("no session there"))],
    [
      "fails at once",
      () => {
        throw new Error("no session there");
      },
    ],
    ["is late", () => new Promise(() => {})],
  ]) {
    for (const what of ["the listener of migrate", "the function for URL or protocols"]) {
      test(`${what} that ${title} is told of, moves nobody, and is not asked over and over`, async () => {
        const { b, link } = await begin(true, { connectTimeout: "200ms", retry: { initial: "200ms", max: "1s" } });
        let isAtB = false;
        const socket = what.includes("migrate") ? link.socket(undefined, undefined, { migrate: fails }) : link.socket(() => (isAtB ? fails() : "/live"));
        const told = [];
        socket.addEventListener("moveFailed", ({ detail }) => told.push(`${detail.to} ${detail.error.message}`));
        const log = logOf(socket);
        await until(() => log.length === 1);
        await bothHealthy(link);
        isAtB = true;
        link.prefer("b");
        await pause(2_000);
        assert.deepEqual([...new Set(told)], [title === "is late" ? `b steadfast: ${what} is late` : "b no session there"]);
        assert.ok(told.length >= 2 && told.length < 15, `${told.length} attempts`);
        assert.deepEqual([log, b.clients.length < 15], [["open"], true]);
      });
    }
  }

  test("a function that decides about a next connection, and fails, does not end the socket", async (context) => {
    const { a, link } = await begin(true);
    const uncaught = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const surfaced = [];
    process.on("uncaughtException", ({ message }) => surfaced.push(message));
    context.after(() => {
      process.removeAllListeners("uncaughtException");
      for (const listener of uncaught) process.on("uncaughtException", listener);
    });
    const wrong = (message) => () => {
      throw new Error(message);
    };
    let isMistaken = true;
    const message = () => (isMistaken ? wrong("no ping")() : "ping");
    const ping = { message, every: 50, within: 500, isAnswer: () => false };
    const socket = link.socket(undefined, undefined, { shouldReconnectOnClose: wrong("no decision"), ping });
    const log = logOf(socket);
    await until(() => surfaced.includes("no ping"));
    isMistaken = false;
    await until(() => a.clients.some(({ heard }) => heard.includes("ping")));
    a.clients.at(-1).terminate();
    await until(() => log.includes("close 1006 false") && log.at(-1) === "open");
    assert.ok(surfaced.includes("no decision"));
  });

  test("a ping of nonsense is refused", async () => {
    const { link } = await begin(true);
    for (const wrong of [{}, { every: Number.NaN }, { within: 0 }, { every: 1e12 }]) {
      const ping = { message: "ping", every: 1_000, within: 1_000, ...wrong };
      if (Object.keys(wrong).length === 0) delete ping.message;
      assert.throws(() => link.socket(undefined, undefined, { ping }), /steadfast: ping\./);
    }
  });

  /** A socket that asks for signs of life, and has more on its way than the network takes at once. */
  async function sending() {
    const { a, link } = await begin(true);
    const socket = link.socket(undefined, undefined, { ping: { message: "ping", every: 100, within: 400 } });
    const log = logOf(socket);
    await until(() => log.length > 0);
    const server = a.clients[0]._socket;
    server.pause();
    for (let number = 0; number < 24; number += 1) socket.send(new Uint8Array(1 << 20));
    return { a, log, server };
  }

  test("a ping behind what leaves slowly is given its time", async () => {
    const { a, log, server } = await sending();
    for (let round = 0; a.clients[0].heard.length < 10; round += 1) {
      assert.ok(round < 1_000, "it does leave");
      server.resume();
      await new Promise(setImmediate);
      server.pause();
      await pause(100);
    }
    assert.deepEqual([log, a.clients.length], [["open"], 1]);
    server.resume();
  });

  test("a ping behind what leaves slowly is given its time while the app goes on sending", async () => {
    /** Of what is sent over it, a megabyte leaves within a second, and nothing is answered. */
    class Slow extends WebSocket {
      #handed = 0;
      #began = performance.now();
      send(data) {
        this.#handed += data.length;
      }
      get bufferedAmount() {
        return Math.max(0, this.#handed - (performance.now() - this.#began) * 1_000);
      }
    }
    const { a, link } = await begin(true);
    const ping = { message: "ping", every: 100, within: 400 };
    const socket = link.socket(undefined, undefined, { ping, WebSocket: Slow });
    const log = logOf(socket);
    await until(() => log.length > 0);
    socket.send(new Uint8Array(3_000_000));
    for (let round = 0; round < 40; round += 1) {
      socket.send(new Uint8Array(100_000));
      await pause(50);
    }
    assert.deepEqual([log, a.clients.length], [["open"], 1]);
    // Its turn comes, and no answer.
    await until(() => a.clients.length === 2);
  });

  test("a ping behind what does not leave at all is not", async () => {
    const { a, log } = await sending();
    await until(() => a.clients.length === 2 && log.length > 2);
    assert.deepEqual(log.slice(0, 3), ["open", "close 1012 true", "open"]);
  });
});

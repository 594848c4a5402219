// What a connection needs of the app, and what the app has to send itself, takes its time: no server is blamed for that.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { logOf, Stage } from "./stage.mjs";
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

  test("a ping behind what does not leave at all is not", async () => {
    const { a, log } = await sending();
    await until(() => a.clients.length === 2 && log.length > 2);
    assert.deepEqual(log.slice(0, 3), ["open", "close 1012 true", "open"]);
  });
});

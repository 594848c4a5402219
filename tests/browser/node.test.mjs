// The npm package in Node: on a server where nothing is started, and as a client with a WebSocket class passed in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { WebSocket } from "ws";
import { startTestbed } from "./servers.mjs";

/** A port that was free a moment ago. */
async function closedPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

describe("node", () => {
  let testbed;
  before(async () => {
    testbed = await startTestbed();
  });
  after(() => testbed.kill());

  test("it knows its state without a page", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    assert.equal(link.active.name, "primary");
    assert.equal(link.getSnapshot(), link.getSnapshot(), "the same object until something changes");
    link[Symbol.dispose]();
    assert.equal(typeof link.state.state, "string");
  });

  test("a connection follows the active endpoint", async () => {
    const link = await Steadfast.start({ endpoints: testbed.endpoints });
    const greetings = [];
    const greeted = (endpoint) =>
      new Promise((resolve) => {
        const timer = setInterval(() => greetings.includes(endpoint) && resolve(clearInterval(timer)), 5);
      });
    link.connect({ webSocket: WebSocket, onMessage: (data) => greetings.push(data) });
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

  test("failures are told apart by Node's own codes", async () => {
    const [primary] = testbed.endpoints;
    const kinds = { [`http://127.0.0.1:${await closedPort()}/`]: "refused", "http://no-such-host.invalid/": "dns" };
    for (const [health, kind] of Object.entries(kinds)) {
      const link = await Steadfast.start({ endpoints: [{ ...primary, health }], initialDelay: "1s" });
      assert.equal((await link.checkNow()).failure, kind, health);
      link.stop();
    }
  });
});

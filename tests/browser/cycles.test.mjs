// What is left of sockets that were opened and closed: nothing. In Node, where it can be counted.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Steadfast } from "steadfast";
import SteadfastSocket from "steadfast/socket";
import { WebSocket } from "ws";
import { pause, until } from "./waiting.mjs";

const CYCLES = 1_000;
/** What a thousand cycles may leave behind on the heap, which the engine of JavaScript itself needs: less than a socket each. */
const MOST_BYTES = 1_000_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Timers and connections that are open. */
const resources = () => process.getActiveResourcesInfo().filter((kind) => /Timeout|TCPSocket|TCPWRAP|Immediate/.test(kind)).length;

async function heap() {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

describe("of a thousand sockets that were opened and closed", () => {
  let server;
  let connect;
  before(async () => {
    // In a process of its own: what it keeps is not ours.
    server = fork(join(import.meta.dirname, "bench/throughput-server.mjs"));
    const [port] = await once(server, "message");
    connect = `ws://127.0.0.1:${port}/`;
  });
  after(() => server.disconnect());

  /** Opens and closes sockets, and looks what is left. */
  async function leavesNothing(open) {
    const cycle = async () => {
      const socket = open();
      await new Promise((resolve) => {
        socket.onopen = resolve;
      });
      socket.close();
    };
    for (let cycles = 0; cycles < CYCLES / 2; cycles += 1) await cycle();
    await pause(500);
    const [before, size] = [resources(), await heap()];
    for (let cycles = 0; cycles < CYCLES; cycles += 1) await cycle();
    await until(() => resources() <= before);
    const grown = (await heap()) - size;
    assert.ok(grown < MOST_BYTES, `${grown} bytes more`);
  }

  test("nothing is left where a link holds them", async () => {
    const link = await Steadfast.start({ endpoints: [{ name: "a", connect }] }, { WebSocket });
    await leavesNothing(() => link.socket());
    link.stop();
  });

  test("nothing is left of those that live once", async () => {
    const link = await Steadfast.start({ endpoints: [{ name: "a", connect }] }, { WebSocket });
    await leavesNothing(() => new link.WebSocket(connect));
    link.stop();
  });

  test("nothing is left of those that stand alone", async () => {
    await leavesNothing(() => new SteadfastSocket(connect, [], { WebSocket }));
  });
});

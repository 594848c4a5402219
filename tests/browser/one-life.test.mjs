// The WebSockets of one life that a link has for libraries, in Node, against servers that tests have in their hands.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { bothHealthy, holdClose, logOf, refused, Stage } from "./stage.mjs";
import { pause, until } from "./waiting.mjs";

describe("a socket of one life", () => {
  const stage = new Stage();
  afterEach(() => stage.end());
  /** Two servers, a link to them, and its class. */
  const begin = async (config) => {
    const [a, b] = await stage.serve("a", "b");
    const link = await stage.start([a, b], config);
    return { a, b, link, Socket: link.WebSocket };
  };

  /** A socket that is leaving the first server, which ends its side only when the test says so. */
  async function moving() {
    const { a, b, link, Socket } = await begin();
    const socket = new Socket("/");
    const log = logOf(socket);
    await until(() => log.includes("open"));
    await bothHealthy(link);
    const end = holdClose(a.clients[0]);
    link.prefer("b");
    await until(end.isAsked);
    return { a, b, link, Socket, socket, log, end };
  }

  test("it is a WebSocket of the standard", async () => {
    const { a, link, Socket } = await begin();
    a.greet = (client) => client.send("hello");
    assert.equal(Socket, link.WebSocket);
    assert.deepEqual([Socket.CONNECTING, Socket.OPEN, Socket.CLOSING, Socket.CLOSED], [0, 1, 2, 3]);
    for (const wrong of ["//evil.example/", "wss://evil.example/", "https://evil.example/", "/x#y"]) {
      assert.throws(() => new Socket(wrong), refused("SyntaxError"), wrong);
    }
    for (const protocols of ["a b", ["a", "A"]]) assert.throws(() => new Socket("/", protocols), refused("SyntaxError"));
    const socket = new Socket(`${a.endpoint.connect}/room?x=1`, ["v1"]);
    const log = logOf(socket);
    assert.deepEqual([socket.readyState, socket.protocol, socket.binaryType, socket.CLOSED], [0, "", "blob", 3]);
    assert.throws(() => socket.send("too soon"), refused("InvalidStateError"));
    assert.throws(() => socket.close(1001), refused("InvalidAccessError"));
    await until(() => log.length === 2);
    assert.deepEqual([log, socket.readyState, socket.protocol], [["open", "message hello"], 1, "v1"]);
    assert.deepEqual([a.requests[0].url, socket.url], ["/live/room?x=1", `${a.endpoint.connect}/room?x=1`]);
    assert.equal(socket.send("x"), undefined);
    await until(() => a.clients[0].heard.length === 1);
    socket.close(4000, "done");
    a.clients[0].send("never heard");
    assert.deepEqual([socket.readyState, log.length], [2, 2]);
    await until(() => log.length === 3);
    assert.deepEqual([log[2], socket.readyState, socket.protocol, a.clients[0].closed], ["close 4000 true", 3, "v1", [4000, "done"]]);
    socket.send("four");
    socket.send(new Uint8Array(3));
    assert.equal(socket.bufferedAmount, 7);
    socket.close();
    await pause(200);
    assert.deepEqual([log.length, a.clients.length], [3, 1], "it does not come back");
  });

  test("what the server closes is closed for good", async () => {
    const { a, Socket } = await begin();
    const socket = new Socket("/");
    const log = logOf(socket);
    await until(() => log.length === 1);
    a.clients[0].close(4001, "go");
    await until(() => log.length === 2);
    const other = new Socket("/");
    const otherLog = logOf(other);
    await until(() => otherLog.length === 1);
    a.clients[1].terminate();
    await until(() => otherLog.length === 2);
    await pause(200);
    assert.deepEqual([log, otherLog, a.clients.length], [["open", "close 4001 true"], ["open", "close 1006 false"], 2]);
  });

  test("it stays connecting while the link looks for an endpoint, and fails when there is none", async () => {
    const { a, b, link, Socket } = await begin();
    await bothHealthy(link);
    a.kill();
    const socket = new Socket("/");
    const log = logOf(socket);
    await until(() => log.length > 0);
    assert.deepEqual([log, link.active.name, b.clients.length], [["open"], "b", 1]);
    const down = [];
    for (const name of ["alldown", "offline"]) link.addEventListener(name, () => down.push(name));
    b.kill();
    await until(() => log.length === 2);
    const next = new Socket("/");
    const nextLog = logOf(next);
    await until(() => nextLog.length === 2);
    assert.match(nextLog[0], /^error /);
    assert.deepEqual([nextLog[1], next.readyState], ["close 1006 false", 3]);
  });

  test("one that the server refuses fails, so that its library may offer something else", async () => {
    const { a, b, link, Socket } = await begin();
    for (const server of [a, b]) server.refuse = ({ url }) => (url === "/forbidden" ? 403 : 0);
    const served = logOf(new Socket("/"));
    await until(() => served.length === 1);
    await bothHealthy(link);
    const log = logOf(new Socket("/forbidden"));
    await until(() => log.length === 2);
    assert.deepEqual([log, served, link.state.state], [["error Unexpected server response: 403", "close 1006 false"], ["open"], "steady"]);
    const { length } = a.requests;
    await pause(200);
    assert.equal(a.requests.length, length);
  });

  test("where nothing is checked, one that is refused beside another that is served fails", async () => {
    const [a] = await stage.serve("a");
    a.refuse = ({ url }) => (url === "/forbidden" ? 403 : 0);
    const { name, connect } = a.endpoint;
    const { WebSocket: Socket } = await stage.start([{ endpoint: { name, connect } }]);
    const served = logOf(new Socket("/"));
    await until(() => served.length === 1);
    const socket = new Socket("/forbidden");
    const log = logOf(socket);
    await until(() => log.length === 2);
    assert.deepEqual([log, served, socket.readyState], [["error Unexpected server response: 403", "close 1006 false"], ["open"], 3]);
    const { length } = a.requests;
    await pause(200);
    assert.equal(a.requests.length, length);
  });

  for (const [title, checked] of [
    ["is checked", true],
    ["is not checked", false],
  ]) {
    test(`one that comes when the link is down already fails, or ends the outage: an endpoint that ${title}`, async () => {
      const [a] = await stage.serve("a");
      const { name, connect, health } = a.endpoint;
      const link = await stage.start([{ endpoint: checked ? { name, connect, health } : { name, connect } }]);
      const isDown = () => ["allDown", "offline"].includes(link.state.state);
      a.refuse = 503;
      a.sick = true;
      // As a library does that tries again and again.
      const logs = [];
      while (!isDown()) {
        const socket = new link.WebSocket("/");
        logs.push(logOf(socket));
        await until(() => socket.readyState === 3 || isDown());
      }
      const socket = new link.WebSocket("/");
      const log = logOf(socket);
      assert.deepEqual([log, socket.readyState], [[], 0]);
      await until(() => log.length === 2);
      assert.match(log[0], /^error /);
      assert.deepEqual([log[1], socket.readyState], ["close 1006 false", 3]);
      a.refuse = 0;
      a.sick = false;
      let next;
      do {
        next = new link.WebSocket("/");
        await until(() => next.readyState !== 0);
        await pause(20);
      } while (next.readyState !== 1);
      await until(() => !isDown());
    });
  }

  test("one that comes while the network is said to be down fails in a task of its own", async () => {
    const { a, b, link, Socket } = await begin();
    // Checks that pass would show the contrary.
    for (const server of [a, b]) server.kill();
    link.core.send({ message: "network", network: "offline" });
    // The event is past.
    await pause(50);
    assert.equal(link.state.state, "offline");
    const socket = new Socket("/");
    const log = logOf(socket);
    assert.deepEqual([log, socket.readyState], [[], 0]);
    await until(() => log.length === 2);
    // The engine makes an attempt, or says that it makes none.
    assert.match(log[0], /^error /);
    assert.deepEqual([log[1], socket.readyState], ["close 1006 false", 3]);
  });

  test("one that has moved shows what it had, whatever becomes of the next one", async () => {
    const { a, b, link, Socket } = await begin();
    const socket = new Socket("/room", ["v1"]);
    await until(() => socket.readyState === 1);
    await bothHealthy(link);
    socket.binaryType = "arraybuffer";
    let next;
    socket.onclose = () => {
      next = new Socket("/room", ["v1"]);
    };
    link.prefer("b");
    await until(() => next?.readyState === 1);
    const room = ({ endpoint }) => endpoint.connect.replace("/live", "/room");
    assert.deepEqual([socket.url, next.url, socket.binaryType, next.binaryType], [room(a), room(b), "arraybuffer", "blob"]);
    socket.binaryType = "arraybuffer";
    assert.equal(next.binaryType, "blob");
    next.send("x".repeat(10_000_000));
    assert.deepEqual([socket.bufferedAmount, next.bufferedAmount > 0], [0, true]);
    socket.close();
    assert.equal(next.readyState, 1);
  });

  test("one that is closed before it is open fails in a task of its own", async () => {
    const { a, Socket } = await begin();
    const socket = new Socket("/");
    const log = logOf(socket);
    socket.close();
    assert.deepEqual([log, socket.readyState], [[], 2]);
    await until(() => log.length === 2);
    assert.deepEqual([log, socket.readyState], [["error steadfast: closed before it was open", "close 1006 false"], 3]);
    await pause(200);
    assert.equal(a.clients.filter(({ readyState }) => readyState === 1).length, 0);
  });

  test("when the link moves it is closed, and the next one to the same place is open already", async () => {
    const { a, b, link, Socket } = await begin();
    b.greet = (client) => client.send("welcome");
    const socket = new Socket("/room", "v1");
    const log = logOf(socket);
    const nextLog = [];
    let [next, atOnce, closed] = [];
    socket.onclose = ({ reason }) => {
      closed = reason;
      // As a library does that loses no time, and one that asks for something else.
      next = new Socket("/room", "v1");
      atOnce = next.readyState;
      next.binaryType = "arraybuffer";
      nextLog.push(...[logOf(next)]);
    };
    await until(() => log.length === 1);
    await bothHealthy(link);
    link.prefer("b");
    await until(() => nextLog[0]?.length === 2);
    assert.deepEqual([log, closed], [["open", "close 1012 true"], "moved to another server"]);
    assert.deepEqual([atOnce, nextLog[0], b.requests.length, next.protocol], [0, ["open", "message welcome"], 1, "v1"]);
    b.clients[0].send(new Uint8Array(2));
    next.send("hi");
    await until(() => nextLog[0].length === 3 && b.clients[0].heard.length === 1);
    assert.equal(nextLog[0][2], "message [object ArrayBuffer]");
    await until(() => a.clients[0].closed);
    // Elsewhere, or with other protocols, it is another connection.
    const log2 = logOf(new Socket("/room"));
    await until(() => log2.length === 2);
    assert.equal(b.requests.length, 2);
  });

  test("what the old server still says comes before the end, for two seconds at most", async () => {
    for (const isSlow of [false, true]) {
      const { a, b, Socket, socket, log, end } = await moving();
      assert.deepEqual([socket.readyState, b.clients.length], [2, 1]);
      a.clients[0].send("a last word");
      await until(() => log.includes("message a last word"));
      const began = performance.now();
      if (!isSlow) end.finish();
      await until(() => log.length === 3);
      assert.deepEqual(log, ["open", "message a last word", "close 1012 true"]);
      assert.ok(performance.now() - began < (isSlow ? 2_500 : 1_000));
      const next = new Socket("/");
      const nextLog = logOf(next);
      await until(() => nextLog.length === 1);
      assert.equal(b.clients.length, 1, "it is open already");
    }
  });

  test("one whose server is gone from the list is closed like any that moves, and its library goes on at the next one", async () => {
    const { a, b, link, Socket } = await begin();
    const socket = new Socket(a.endpoint.connect);
    const log = logOf(socket);
    await until(() => log.includes("open"));
    link.setEndpoints([{ ...b.endpoint, name: "c" }]);
    await until(() => log.length === 2);
    assert.deepEqual([log, socket.readyState], [["open", "close 1012 true"], 3]);
    await until(() => a.clients[0].closed);
    const next = new Socket("/live");
    await until(() => next.readyState === 1);
  });

  test("the end of the link is the end of one that is moving", async () => {
    const { a, b, link, socket, log, end } = await moving();
    socket.close();
    link.stop();
    assert.deepEqual([log, socket.readyState], [["open", "close 1012 true"], 3]);
    end.finish();
    await until(() => [...a.clients, ...b.clients].every(({ closed }) => closed));
  });

  test("the open connection waits for five seconds, and not longer; what arrives on it meanwhile is kept", async () => {
    const { a, b, link, Socket } = await begin();
    b.greet = (client) => client.send("welcome");
    for (const later of [1_000, 6_000]) {
      const { length } = b.clients;
      const socket = new Socket("/");
      const log = logOf(socket);
      await until(() => log.includes("open"));
      await bothHealthy(link);
      link.prefer("b");
      await until(() => log.includes("close 1012 true"));
      await pause(later);
      const next = new Socket("/");
      const nextLog = logOf(next);
      await until(() => nextLog.length === 2);
      assert.deepEqual([nextLog, b.clients.length - length], [["open", "message welcome"], later < 5_000 ? 1 : 2]);
      if (later > 5_000) assert.deepEqual(b.clients[length].closed, [1000, ""]);
      next.close();
      link.prefer("a");
      await until(() => link.active.name === "a");
    }
    assert.ok(a.clients.every(({ closed }) => closed));
  });

  test("a spare connection that breaks, or whose link stops, leaves nothing behind", async () => {
    const { b, link, Socket } = await begin();
    const sockets = ["/1", "/2"].map((path) => new Socket(path));
    await until(() => sockets.every(({ readyState }) => readyState === 1));
    await bothHealthy(link);
    link.prefer("b");
    await until(() => sockets.every(({ readyState }) => readyState === 3));
    b.clients[0].terminate();
    await pause(50);
    const { length } = b.requests;
    const log = logOf(new Socket(b.requests[0].url));
    await until(() => log.length === 1);
    assert.equal(b.requests.length, length + 1, "a connection of its own");
    link.stop();
    await until(() => b.clients.every(({ closed }) => closed));
    const stopped = new Socket("/");
    const stoppedLog = logOf(stopped);
    await until(() => stoppedLog.length === 2);
    assert.deepEqual(stoppedLog, ["error steadfast: the link has been stopped", "close 1006 false"]);
  });
});

// The socket that survives its server, in Node, against servers that tests have in their hands.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { SteadfastSocket } from "steadfast";
import { bothHealthy, logOf, refused, Stage } from "./stage.mjs";
import { pause, until } from "./waiting.mjs";

describe("a socket that survives", () => {
  const stage = new Stage();
  afterEach(() => stage.end());
  const serve = (...names) => stage.serve(...names);
  const start = (...given) => stage.start(...given);

  test("what is sent before it is open arrives first, in its order, and before `open` is told", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const socket = link.socket();
    assert.deepEqual([socket.readyState, socket.endpoint, socket.link, socket.url], [0, null, link, a.endpoint.connect]);
    const queues = [];
    socket.addEventListener("queue", ({ detail }) => queues.push(detail));
    assert.deepEqual([socket.send("one"), socket.send(new Uint8Array([50])), socket.send("drei")], [false, false, false]);
    assert.equal(socket.bufferedAmount, 8);
    let atOpen;
    socket.onopen = () => {
      atOpen = [socket.readyState, socket.send("four"), socket.endpoint];
    };
    await until(() => a.clients[0]?.heard.length === 4);
    assert.deepEqual(atOpen, [1, true, "a"]);
    assert.deepEqual(a.clients[0].heard.map(String), ["one", "2", "drei", "four"]);
    assert.deepEqual(queues, [
      { messages: 3, bytes: 8, dropped: 0 },
      { messages: 0, bytes: 0, dropped: 0 },
    ]);
  });

  test("a loss is a `close`, and the next connection an `open`, on the same object; what is said meanwhile waits", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const socket = link.socket();
    const log = logOf(socket);
    let atClose;
    socket.onclose = ({ code, reason, wasClean }) => {
      atClose = [socket.readyState, socket.endpoint, socket.send("meanwhile"), code, reason, wasClean];
    };
    await until(() => log.length === 1);
    a.clients[0].close(4000, "as told");
    await until(() => log.filter((told) => told === "open").length === 2);
    assert.deepEqual(atClose, [0, null, false, 4000, "as told", true]);
    assert.deepEqual(log, ["open", "close 4000 true", "open"]);
    await until(() => a.clients[1].heard.length === 1);
    assert.equal(a.clients[1].heard[0], "meanwhile");
    a.clients[1].terminate();
    await until(() => log.length === 5);
    assert.deepEqual(log.slice(3), ["close 1006 false", "open"], "a server's death is no error of ours");
  });

  test("an attempt that fails is an `error` with what is known of it, and a `close`", async () => {
    const [a] = await serve("a");
    a.refuse = 500;
    const link = await start([a]);
    const socket = link.socket();
    const log = logOf(socket);
    const [event] = await new Promise((resolve) => {
      socket.onerror = (...given) => resolve(given);
    });
    assert.deepEqual([event.type, event.target, event.message, event.error instanceof Error], ["error", socket, "Unexpected server response: 500", true]);
    a.refuse = 0;
    await until(() => log.includes("open"));
    assert.deepEqual(log.slice(0, 2), ["error Unexpected server response: 500", "close 1006 false"]);
    assert.equal(log.filter((told) => told === "open").length, 1);
  });

  test("listeners and handlers are called as those of any EventTarget, in their order", async () => {
    const [a] = await serve("a");
    a.greet = (client) => {
      for (const text of ["1", "2", "3"]) client.send(text);
    };
    const link = await start([a]);
    const socket = link.socket();
    assert.ok(socket instanceof SteadfastSocket && socket instanceof EventTarget);
    const calls = [];
    const ended = new AbortController();
    socket.addEventListener("message", ({ data }) => calls.push(`first ${data}`));
    assert.equal(socket.onmessage, null);
    socket.onmessage = () => calls.push("never");
    socket.addEventListener("message", { handleEvent: ({ data }) => calls.push(`object ${data}`) }, { once: true });
    socket.addEventListener(
      "message",
      ({ data }) => {
        calls.push(`signal ${data}`);
        ended.abort();
      },
      { signal: ended.signal },
    );
    const handler = function ({ data, target, origin, type }) {
      calls.push(`handler ${data}`);
      assert.ok(this === socket && target === socket && type === "message" && origin === new URL(a.endpoint.connect).origin);
      if (data === "2") socket.onmessage = "nothing that can be called";
    };
    socket.onmessage = handler;
    assert.equal(socket.onmessage, handler);
    await until(() => calls.includes("first 3"));
    assert.deepEqual(calls, ["first 1", "handler 1", "object 1", "signal 1", "first 2", "handler 2", "first 3"]);
    assert.equal(socket.onmessage, null);
    for (const holder of [socket, SteadfastSocket]) {
      assert.deepEqual([holder.CONNECTING, holder.OPEN, holder.CLOSING, holder.CLOSED], [0, 1, 2, 3]);
    }
  });

  test("what is wrong is refused as by any WebSocket", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    for (const path of ["//evil.example/", "https://evil.example/", "ws://evil.example/", "\\\\evil.example", "/x#y"]) {
      assert.throws(() => link.socket(path), refused("SyntaxError"), path);
    }
    for (const protocols of ["not a token", ["a", "a"], ""]) assert.throws(() => link.socket("/", protocols), refused("SyntaxError"));
    const socket = link.socket("/chat?x=1", ["v2", "v1"]);
    assert.throws(() => socket.close(1001), refused("InvalidAccessError"));
    assert.throws(() => socket.close(1000, "ä".repeat(62)), refused("SyntaxError"));
    await until(() => socket.readyState === 1);
    assert.deepEqual([a.requests[0].url, a.requests[0].headers["sec-websocket-protocol"]], ["/chat?x=1", "v2,v1"]);
    assert.deepEqual([socket.protocol, socket.extensions, new URL(socket.url).pathname], ["v2", "", "/chat"]);
    socket.binaryType = "nonsense";
    assert.equal(socket.binaryType, "blob");
    link.stop();
    assert.throws(() => link.socket(), /has been stopped/);
  });

  test("path and protocols are asked for anew for each connection, and may take their time", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    let [token, wrong] = [0, false];
    const socket = link.socket(
      async () => {
        if (wrong) throw new Error("no token to be had");
        token += 1;
        return `?token=${token}`;
      },
      () => [`v${token}`],
    );
    const log = logOf(socket);
    await until(() => log.includes("open"));
    wrong = true;
    a.clients[0].close(1000);
    await until(() => log.includes("error no token to be had"));
    wrong = false;
    await until(() => a.clients.length === 2);
    assert.deepEqual(
      a.requests.map(({ url, headers }) => [url, headers["sec-websocket-protocol"]]),
      [
        ["/live?token=1", "v1"],
        ["/live?token=2", "v2"],
      ],
    );
    assert.deepEqual(log.slice(1, 4), ["close 1000 true", "error no token to be had", "close 1006 false"]);
    socket.close();
    const evil = link.socket(() => "//evil.example/");
    const [{ error }] = await new Promise((resolve) => {
      evil.onerror = (...given) => resolve(given);
    });
    assert.ok(refused("SyntaxError")(error));
  });

  test("some close codes and 401 or 403 end it, until it is to reconnect", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    for (const [options, end, told] of [
      [{}, (client) => client.close(4401), ["close 4401 true", "stop closeCode 4401"]],
      [{}, (client) => client.close(4403), ["close 4403 true", "stop closeCode 4403"]],
      [{ stopCodes: [4000] }, (client) => client.close(4000), ["close 4000 true", "stop closeCode 4000"]],
    ]) {
      const socket = link.socket(undefined, undefined, options);
      const log = logOf(socket);
      await until(() => log.length === 1);
      end(a.clients.at(-1));
      await until(() => log.length === 3);
      const { length } = a.requests;
      await pause(300);
      assert.deepEqual([log.slice(1), socket.readyState, socket.shouldReconnect, a.requests.length], [told, 3, false, length]);
      socket.reconnect();
      assert.deepEqual([socket.readyState, socket.shouldReconnect], [0, true]);
      await until(() => log.length === 4);
      assert.equal(log[3], "open");
      socket.close();
    }
    a.refuse = 401;
    const socket = link.socket();
    const log = logOf(socket);
    await until(() => log.length === 3);
    assert.deepEqual(log, ["error Unexpected server response: 401", "close 1006 false", "stop unauthorized 1006"]);
    const { length } = a.requests;
    await pause(300);
    assert.equal(a.requests.length, length);
  });

  test("it is tried again as often as it may be, and as long as the app wants it", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    a.refuse = 500;
    const socket = link.socket(undefined, undefined, { maxRetries: 2, startClosed: true });
    const log = logOf(socket);
    await pause(100);
    assert.deepEqual([socket.readyState, socket.shouldReconnect, a.requests.length], [3, false, 0]);
    socket.reconnect();
    await until(() => log.at(-1)?.startsWith("stop"));
    assert.deepEqual([a.requests.length, socket.retryCount, log.at(-1)], [3, 2, "stop maxRetries 1006"]);
    a.refuse = 0;
    const closes = [];
    const other = link.socket(undefined, undefined, {
      minUptime: 50,
      shouldReconnectOnClose: ({ code }) => {
        closes.push(code);
        return code !== 4002;
      },
    });
    const otherLog = logOf(other);
    await until(() => other.readyState === 1);
    a.clients[0].close(4001);
    await until(() => a.clients.length === 2 && other.readyState === 1);
    assert.equal(other.retryCount, 1);
    await pause(60);
    assert.equal(other.retryCount, 0, "it has worked");
    a.clients[1].close(4002);
    await until(() => otherLog.at(-1)?.startsWith("stop"));
    assert.deepEqual([closes, otherLog.at(-1)], [[4001, 4002], "stop shouldReconnectOnClose 4002"]);
  });

  test("a server that keeps the app waiting for too long is given up: `connectionTimeout`", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    class Silent extends EventTarget {
      readyState = 0;
      close() {}
    }
    const socket = link.socket(undefined, undefined, { WebSocket: Silent, connectionTimeout: 50 });
    const log = logOf(socket);
    await until(() => log.length === 2);
    assert.deepEqual(log, ["error TIMEOUT", "close 1006 false"]);
  });

  test("a connection that stays silent is asked for a sign of life, and replaced without one", async () => {
    const [a] = await serve("a");
    let answers = true;
    a.greet = (client) =>
      client.on("message", (data) => {
        if (String(data) === "ping") client.send(answers ? "pong" : "no answer");
        else client.send(`echo ${data}`);
      });
    const link = await start([a]);
    const ping = { message: () => "ping", every: 100, within: 100, isAnswer: (data) => data === "pong" };
    const socket = link.socket(undefined, undefined, { ping });
    const log = logOf(socket);
    await until(() => a.clients[0]?.heard.length === 3);
    assert.deepEqual(log, ["open"], "answers are none of the app's");
    socket.send("hello");
    await until(() => log.length === 2);
    assert.equal(log[1], "message echo hello");
    answers = false;
    await until(() => a.clients.length === 2);
    answers = true;
    await until(() => log.filter((told) => told === "open").length === 2);
    assert.deepEqual(log.filter((told) => told !== "message no answer").slice(2, 4), ["close 1012 true", "open"]);
    socket.close();
    const { length } = a.clients[1].heard;
    await pause(300);
    assert.equal(a.clients[1].heard.length, length, "no timer is left");
  });

  test("binary messages arrive as the app wants them, on later connections too", async () => {
    const [a] = await serve("a");
    a.greet = (client) => client.send(new Uint8Array([1, 2]));
    const link = await start([a]);
    const socket = link.socket();
    const heard = [];
    socket.onmessage = ({ data }) => heard.push(data);
    await until(() => heard.length === 1);
    assert.ok(heard[0] instanceof Blob && heard[0].size === 2);
    socket.binaryType = "arraybuffer";
    a.clients[0].send(new Uint8Array([3]));
    await until(() => heard.length === 2);
    a.clients[0].close(1000);
    await until(() => heard.length === 3);
    assert.ok(heard.slice(1).every((data) => data instanceof ArrayBuffer));
  });

  test("the app's `close` is told at once, to both sides; what waits is told of, and may be sent later", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const socket = link.socket();
    const log = logOf(socket);
    const queues = [];
    socket.addEventListener("queue", ({ detail }) => queues.push(detail));
    await until(() => log.length === 1);
    a.clients[0].send("never heard");
    socket.close(4000, "done");
    socket.close();
    assert.deepEqual([log, socket.readyState, socket.endpoint], [["open", "close 4000 true"], 3, null]);
    await until(() => a.clients[0].closed);
    assert.deepEqual(a.clients[0].closed, [4000, "done"]);
    assert.deepEqual([socket.send("later"), socket.bufferedAmount, log.length], [false, 5, 2]);
    socket.reconnect();
    await until(() => a.clients[1]?.heard.length === 1);
    assert.deepEqual([a.clients[1].heard, log.at(-1)], [["later"], "open"]);
    a.refuse = 500;
    a.clients[1].terminate();
    await until(() => socket.readyState === 0);
    socket.send("lost");
    await pause(0);
    queues.length = 0;
    socket.close();
    assert.deepEqual(queues, [{ messages: 1, bytes: 4, dropped: 0 }]);
    assert.deepEqual([socket.drainQueuedMessages(), socket.bufferedAmount], [["lost"], 0]);
    await pause(300);
    assert.equal(log.at(-1), "close 1000 true");
  });

  test("no more waits than may, and what is lost is told", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const queues = [];
    const options = { maxEnqueuedMessages: 2, whenFull: "dropOldest", startClosed: true };
    const socket = link.socket(undefined, undefined, options);
    socket.addEventListener("queue", ({ detail }) => queues.push(detail));
    for (const text of ["a", "b", "c", "d"]) socket.send(text);
    await pause(0);
    assert.deepEqual(queues, [{ messages: 2, bytes: 2, dropped: 2 }]);
    socket.reconnect();
    await until(() => a.clients[0]?.heard.length === 2);
    assert.deepEqual([a.clients[0].heard, queues.at(-1)], [["c", "d"], { messages: 0, bytes: 0, dropped: 0 }]);
    const strict = link.socket(undefined, undefined, { maxEnqueuedBytes: 3, whenFull: "throw", startClosed: true });
    strict.send("abc");
    assert.throws(() => strict.send("d"), refused("QuotaExceededError"));
  });

  test("a link holds any number of sockets, each with its path, and all follow it", async () => {
    const [a, b] = await serve("a", "b");
    for (const server of [a, b]) {
      server.greet = (client) =>
        client.on("message", (data) => client.send(`${server.endpoint.name}${server.requests[server.clients.indexOf(client)].url} ${data}`));
    }
    const link = await start([a, b]);
    const sockets = ["/chat", "/presence?x=1", `${b.endpoint.connect}/deep`, undefined].map((path) => link.socket(path));
    const logs = sockets.map(logOf);
    const paths = ["/chat", "/presence?x=1", "/live/deep", "/live"];
    const all = (holds) => until(() => logs.every(holds));
    await all((log) => log.length === 1);
    await bothHealthy(link);
    for (const [number, socket] of sockets.entries()) assert.ok(socket.send(`hi ${number}`));
    await all((log) => log.length === 2);
    assert.deepEqual(
      logs.map((log) => log[1]),
      paths.map((path, number) => `message a${path} hi ${number}`),
    );
    // The one that is closed or replaced is nobody else's business.
    sockets[3].close();
    sockets[0].reconnect();
    await until(() => logs[0].length === 4);
    assert.deepEqual([logs[3].length, logs[1].length, logs[2].length, a.clients.length], [3, 2, 2, 5]);
    a.kill();
    await until(() => logs.slice(0, 3).every((log) => log.at(-1).startsWith("switch a b")));
    for (const [number, socket] of sockets.slice(0, 3).entries()) assert.ok(socket.send(`again ${number}`));
    await until(() => logs.slice(0, 3).every((log, number) => log.at(-1) === `message b${paths[number]} again ${number}`));
    for (const log of logs.slice(1, 3)) assert.deepEqual(log.slice(2, 3), ["close 1006 false"]);
    assert.equal(sockets[3].readyState, 3);
  });

  test("the end of the link is the end of its sockets", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const socket = link.socket();
    const log = logOf(socket);
    await until(() => log.length === 1);
    link.stop();
    assert.deepEqual([log, socket.readyState], [["open", "close 1000 true"], 3]);
    await until(() => a.clients[0].closed);
    assert.throws(() => socket.reconnect(), /has been stopped/);
    assert.equal(socket.readyState, 3);
  });

  test("it logs what happens, if it is to", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const lines = [];
    const socket = link.socket(undefined, undefined, { debug: true, debugLogger: (...things) => lines.push(things.join(" ")) });
    await until(() => socket.readyState === 1);
    socket.close();
    assert.deepEqual(lines, ["steadfast> connect 0", "steadfast> open a", "steadfast> close 1000 "]);
  });
});

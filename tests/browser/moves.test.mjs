// How a socket gets from one connection to the next, in Node, against servers that tests have in their hands.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { MigrateEvent } from "steadfast";
import { bothHealthy, holdClose, logOf, Stage } from "./stage.mjs";
import { pause, until } from "./waiting.mjs";

describe("a socket that moves", () => {
  const stage = new Stage();
  afterEach(() => stage.end());
  const serve = (...names) => stage.serve(...names);
  const start = (...given) => stage.start(...given);

  /** Two servers and an open socket at the first. */
  async function begin(options = {}, config = {}) {
    const [a, b] = await serve("a", "b");
    const link = await start([a, b], config);
    const socket = link.socket(undefined, undefined, options);
    const log = logOf(socket);
    await until(() => log.length === 1);
    await bothHealthy(link);
    return { a, b, link, socket, log };
  }

  test("without a hook, a move is a `close` and an `open`; what the old server still says comes before, and what the new one says after", async () => {
    const { a, b, link, socket, log } = await begin();
    socket.onopen = () => socket.send(`hello ${socket.endpoint}`);
    socket.onclose = () => socket.send("between");
    b.greet = (client) => client.send("welcome");
    const held = holdClose(a.clients[0]);
    link.prefer("b");
    await until(() => held.isAsked() && b.clients.length === 1);
    assert.deepEqual([socket.readyState, socket.send("while it closes")], [2, false]);
    a.clients[0].send("one");
    await pause(300);
    a.clients[0].send("two");
    assert.deepEqual(log.slice(1), ["message one"]);
    held.finish();
    await until(() => log.includes("message welcome"));
    assert.deepEqual(log, ["open", "message one", "message two", "close 1012 true", "open", "switch a b preferred", "message welcome"]);
    await until(() => b.clients[0].heard.length === 3);
    assert.deepEqual(b.clients[0].heard, ["while it closes", "between", "hello b"]);
    assert.deepEqual([a.clients.length, b.clients.length, socket.endpoint, a.clients[0].heard], [1, 1, "b", []]);
  });

  test("a server that does not close is waited for for two seconds, and heard no more after that", async () => {
    const { a, b, link, log } = await begin();
    const held = holdClose(a.clients[0]);
    const began = performance.now();
    link.prefer("b");
    await until(() => held.isAsked());
    a.clients[0].send("in time");
    await until(() => log.includes("open", 1));
    const took = performance.now() - began;
    assert.ok(took > 1_900 && took < 3_000, `${took} ms`);
    a.clients[0].send("too late");
    b.clients[0].send("new");
    await until(() => log.includes("message new"));
    await pause(100);
    assert.deepEqual(log, ["open", "message in time", "close 1012 true", "open", "switch a b preferred", "message new"]);
  });

  test("a server that hangs is not waited for", async () => {
    const { a, b, link, log } = await begin({}, { check: { interval: "200ms" } });
    const held = holdClose(a.clients[0]);
    let decided;
    link.addEventListener("switch", () => {
      decided = performance.now();
    });
    // What has just opened is taken for alive.
    await pause(1_000);
    a.sick = true;
    await until(() => log.includes("open", 1));
    assert.ok(performance.now() - decided < 500, `${performance.now() - decided} ms`);
    await until(() => held.isAsked());
    a.clients[0].send("too late");
    b.clients[0].send("new");
    await until(() => log.includes("message new"));
    await pause(100);
    assert.deepEqual(log.slice(0, 4), ["open", "close 1012 true", "open", "switch a b unhealthy"]);
    assert.deepEqual(log.slice(4), ["message new"]);
  });

  test("a server that is called unhealthy and still speaks is waited for", async () => {
    const { a, log } = await begin({}, { check: { interval: "200ms" } });
    const held = holdClose(a.clients[0]);
    a.sick = true;
    const speaking = setInterval(() => a.clients[0].send("tick"), 100);
    await until(() => held.isAsked());
    clearInterval(speaking);
    a.clients[0].send("last");
    await pause(200);
    assert.deepEqual([log.at(-1), log.includes("close 1012 true")], ["message last", false]);
    held.finish();
    await until(() => log.includes("close 1012 true"));
    assert.equal(log[log.indexOf("close 1012 true") - 1], "message last");
  });

  test("while the old connection is waited for, the new one may break, and the app may close", async () => {
    const { a, b, link, socket, log } = await begin();
    const held = holdClose(a.clients[0]);
    link.prefer("b");
    await until(() => held.isAsked());
    b.clients[0].close(4000);
    await until(() => b.clients.length === 2);
    a.clients[0].send("last");
    await until(() => log.length === 2);
    held.finish();
    await until(() => log.includes("open", 1));
    assert.deepEqual(log.slice(0, 5), ["open", "message last", "close 1012 true", "close 4000 true", "open"]);
    const again = holdClose(b.clients[1]);
    link.prefer("a");
    await until(() => again.isAsked());
    const { length } = log;
    socket.close();
    b.clients[1].send("never heard");
    again.finish();
    await pause(2_200);
    assert.deepEqual([log.slice(length), socket.readyState], [["close 1000 true"], 3]);
  });

  for (const [title, listen] of [
    ["an option", (hook, link) => link.socket(undefined, undefined, { migrate: hook })],
    ["a handler", (hook, link) => Object.assign(link.socket(), { onmigrate: hook })],
    [
      "a listener",
      (hook, link) => {
        const socket = link.socket();
        socket.addEventListener("migrate", { handleEvent: hook });
        return socket;
      },
    ],
  ]) {
    test(`a hook prepares the new connection while the old one serves: ${title}`, async () => {
      const [a, b] = await serve("a", "b");
      b.greet = (client) => {
        client.send("for the hook");
        client.send("for the app");
      };
      const link = await start([a, b]);
      let [seen, finish] = [];
      const socket = listen(async (event) => {
        seen = event;
        event.socket.send("resume");
        await new Promise((resolve) => {
          finish = resolve;
        });
        event.messages.shift();
      }, link);
      const log = logOf(socket);
      await until(() => log.length === 1);
      await bothHealthy(link);
      link.prefer("b");
      await until(() => seen?.messages.length === 2 && b.clients[0].heard.length === 1);
      assert.ok(seen instanceof MigrateEvent);
      assert.deepEqual([seen.from, seen.to, socket.endpoint, socket.send("to the old one")], ["a", "b", "a", true]);
      a.clients[0].send("from the old one");
      await until(() => log.length === 2);
      finish();
      await until(() => log.length === 4);
      socket.send("to the new one");
      await until(() => b.clients[0].heard.length === 2);
      assert.deepEqual(log, ["open", "message from the old one", "switch a b preferred", "message for the app"]);
      assert.deepEqual([a.clients[0].heard, b.clients[0].heard], [["to the old one"], ["resume", "to the new one"]]);
      await until(() => a.clients[0].closed);
      assert.deepEqual([...a.clients[0].closed, socket.readyState], [1000, "", 1]);
    });
  }

  test("a hook that fails, or takes longer than it may, leaves the app where it is, and is told as nobody else's fault", async () => {
    const { b, link, socket, log } = await begin({}, { connectTimeout: "500ms" });
    const ends = [];
    const { send } = link.core;
    link.core.send = (message) => {
      if (message.message === "closed") ends.push(message.code);
      send.call(link.core, message);
    };
    let hooked = 0;
    const failing = async () => {
      hooked += 1;
      throw new Error("the session is unknown there");
    };
    socket.addEventListener("migrate", failing);
    link.prefer("b");
    await until(() => hooked > 0 && b.clients[0]?.closed);
    assert.deepEqual([log, socket.endpoint, socket.send("still here")], [["open"], "a", true]);
    socket.removeEventListener("migrate", failing);
    let late;
    socket.onmigrate = ({ socket }) => {
      late ??= socket;
      return new Promise(() => {});
    };
    await until(() => late?.readyState === 3);
    assert.deepEqual([log, socket.endpoint], [["open"], "a"]);
    assert.deepEqual([...new Set(ends)], [4000]);
    socket.onmigrate = null;
    await until(() => log.length > 1);
    assert.deepEqual([...new Set(ends)], [4000]);
    await until(() => log.includes("open", 1));
    assert.deepEqual(log.slice(0, 3), ["open", "close 1012 true", "open"]);
  });

  test("a server that dies while the hook is at work is a loss, and the prepared connection the next one", async () => {
    const [a, b] = await serve("a", "b");
    const link = await start([a, b]);
    let finish;
    const socket = link.socket(undefined, undefined, {
      migrate: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    });
    const log = logOf(socket);
    await until(() => log.length === 1);
    await bothHealthy(link);
    link.prefer("b");
    await until(() => finish);
    a.kill();
    await until(() => log.length === 2);
    socket.send("meanwhile");
    finish();
    await until(() => log.filter((told) => told === "open").length === 2);
    assert.deepEqual(log.slice(0, 3), ["open", "close 1006 false", "open"]);
    const heard = () => b.clients.flatMap((client) => client.heard);
    await until(() => heard().length === 1);
    assert.deepEqual(heard(), ["meanwhile"]);
  });

  test("a `reconnect` beside one that has to show first that it lasts keeps nothing waiting for long", async () => {
    const { a, b, link, socket } = await begin({ migrate: () => pause(30) });
    b.greet = (client) => {
      if (b.clients.length === 1) setTimeout(() => client.terminate(), 10);
    };
    link.prefer("b");
    await until(() => b.clients[0]?.closed);
    socket.reconnect();
    const began = performance.now();
    socket.send("meanwhile");
    const heard = () => [...a.clients, ...b.clients].some((client) => client.heard.includes("meanwhile"));
    await until(heard);
    assert.ok(performance.now() - began < 4_000);
  });

  test("a replaced connection is closed as the app says", async () => {
    const [a] = await serve("a");
    const link = await start([a]);
    const socket = link.socket();
    const log = logOf(socket);
    await until(() => log.length === 1);
    socket.reconnect(4001, "stale");
    assert.deepEqual([socket.readyState, socket.send("to the next one")], [2, false]);
    await until(() => a.clients[0].closed && a.clients[1].heard.length === 1);
    assert.deepEqual([a.clients[0].closed, log, a.clients.length], [[4001, "stale"], ["open", "close 4001 true", "open"], 2]);
  });

  test("a connection that is not replaced after all carries what was to go over the next one", async () => {
    const { a, socket, log } = await begin();
    a.refuse = 503;
    socket.reconnect(4001, "stale");
    assert.deepEqual([socket.readyState, socket.send("one"), socket.send("two")], [2, false, false]);
    await until(() => a.clients[0].heard.length === 2);
    assert.deepEqual([socket.readyState, socket.send("three")], [1, true]);
    await until(() => a.clients[0].heard.length === 3);
    assert.deepEqual([a.clients[0].heard, log, socket.bufferedAmount], [["one", "two", "three"], ["open"], 0]);
    // The wish is not forgotten.
    a.refuse = 0;
    await until(() => log.length === 3);
    assert.deepEqual(
      [log, a.clients[0].closed],
      [
        ["open", "close 4001 true", "open"],
        [4001, "stale"],
      ],
    );
  });

  test("where no attempt is made at another connection, the old one goes on after two seconds", async () => {
    const { a, b, link, socket } = await begin();
    for (const server of [a, b]) server.sick = true;
    link.sockets.reconnect = ((reconnect) =>
      function (legs) {
        // As an engine does that was told that the network is down.
        const { send } = link.core;
        link.core.send = () => {};
        reconnect.call(this, legs);
        link.core.send = send;
      })(link.sockets.reconnect);
    socket.reconnect();
    socket.send("meanwhile");
    await pause(1_000);
    assert.deepEqual([socket.readyState, a.clients[0].heard], [2, []]);
    await until(() => a.clients[0].heard.length === 1);
    assert.equal(socket.readyState, 1);
  });
});

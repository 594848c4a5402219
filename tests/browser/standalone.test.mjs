// The socket that stands alone, in Node, against servers that tests have in their hands.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import SteadfastSocket, { CloseEvent, ErrorEvent } from "steadfast/socket";
import { WebSocket } from "ws";
import { serveHttp } from "./servers.mjs";
import { logOf, refused, Stage } from "./stage.mjs";
import { pause, until } from "./waiting.mjs";

describe("a socket that stands alone", () => {
  const stage = new Stage();
  const sockets = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
    stage.end();
  });
  const serve = (...names) => stage.serve(...names);
  const urlOf = ({ endpoint }) => endpoint.connect;
  /** One that loses no time. */
  function open(url, options = {}, protocols = undefined) {
    const socket = new SteadfastSocket(url, protocols, { WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 100, ...options });
    sockets.push(socket);
    return socket;
  }
  const joined = (socket) => until(() => socket.link);

  test("it connects in the task of its constructor, and speaks before the engine is there", async () => {
    const [a] = await serve("a");
    const made = [];
    class Counted extends WebSocket {
      constructor(...given) {
        super(...given);
        made.push(given);
      }
    }
    const socket = open(urlOf(a), { WebSocket: Counted }, "v1");
    assert.deepEqual(made, [[urlOf(a), ["v1"]]]);
    assert.deepEqual([socket.readyState, socket.url, socket.link, socket.endpoint], [0, urlOf(a), null, null]);
    const log = logOf(socket);
    assert.equal(socket.send("early"), false);
    await until(() => socket.readyState === 1);
    assert.equal(socket.endpoint, "1");
    await joined(socket);
    await pause(100);
    assert.deepEqual([log, made.length, a.clients.length, a.clients[0].heard], [["open"], 1, 1, ["early"]]);
    assert.equal(socket.send("late"), true);
    await until(() => a.clients[0].heard.length === 2);
  });

  test("when the first server dies, the next one gets what was said meanwhile, in order", async () => {
    const [a, b] = await serve("a", "b");
    const socket = open([urlOf(a), urlOf(b)]);
    const log = logOf(socket);
    await until(() => socket.readyState === 1);
    await joined(socket);
    await pause(50);
    const lost = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
    a.kill();
    await lost;
    for (const said of ["one", "two", "three"]) assert.equal(socket.send(said), false);
    await until(() => b.clients[0]?.heard.length === 3);
    assert.deepEqual(b.clients[0].heard, ["one", "two", "three"]);
    await until(() => log.at(-1).startsWith("switch"));
    assert.deepEqual([log[0], log[1], log.at(-2), log.at(-1).slice(0, 10), socket.endpoint], ["open", "close 1006 false", "open", "switch 1 2", "2"]);
  });

  test("an early connection that fails is told at once, and the engine sees to the next one", async () => {
    const [a, b] = await serve("a", "b");
    a.refuse = 500;
    const socket = open([urlOf(a), urlOf(b)]);
    const log = logOf(socket);
    await until(() => log.length === 2);
    assert.deepEqual(log, ["error Unexpected server response: 500", "close 1006 false"]);
    await until(() => log.includes("open"));
    assert.equal(b.clients.length, 1);
  });

  test("a function is asked anew for each connection, and may answer with a list", async () => {
    const [a, b] = await serve("a", "b");
    let asked = 0;
    const socket = open(async () => {
      asked += 1;
      return [`${urlOf(a)}?asked=${asked}`, `${urlOf(b)}?asked=${asked}`];
    });
    assert.equal(socket.url, "");
    await until(() => socket.readyState === 1);
    await joined(socket);
    a.clients[0].terminate();
    // The next attempt may lead to either.
    const urls = () => [...a.requests, ...b.requests].map(({ url }) => url);
    await until(() => urls().length >= 2);
    await until(() => socket.readyState === 1);
    for (const number of [1, 2]) assert.ok(urls().includes(`/live?asked=${number}`), `${urls()}`);
    a.kill();
    await until(() => socket.endpoint === "2");
    // Other legs may have been asked for since.
    assert.match(b.requests[0].url, /^\/live\?asked=\d+$/);
  });

  test("a function that answers while the engine is loaded is followed", async () => {
    const [a] = await serve("a");
    let answer;
    const asked = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const socket = open(asked, { health: "/_ping" });
    // Has a link made before anybody knows where to.
    socket.reconnect();
    answer(urlOf(a));
    await until(() => socket.readyState === 1);
    await joined(socket);
    assert.equal(socket.link.active.connect, urlOf(a));
    await until(() => socket.link.active.health === "healthy");
    assert.equal(a.clients.length, 1);
  });

  test("a function that answers after that is followed, too, and not asked twice for it", async () => {
    const [a] = await serve("a");
    const answers = [];
    const socket = open(() => new Promise((resolve) => answers.push(resolve)), { health: "/_ping" });
    socket.reconnect();
    await joined(socket);
    assert.equal(socket.link.active.connect, "ws://unknown.invalid/");
    answers[0](urlOf(a));
    await until(() => socket.readyState === 1);
    assert.deepEqual([socket.link.active.connect, answers.length, a.requests.length], [urlOf(a), 1, 1]);
    await until(() => socket.link.active.health === "healthy");
  });

  test("a function that names servers in turn has the link lead to each, and is asked once for each connection", async () => {
    const [a, b] = await serve("a", "b");
    let asked = 0;
    const next = () => {
      asked += 1;
      return [a, b][(asked + 1) % 2];
    };
    for (const ask of [() => `${urlOf(next())}?token=${asked}`, async () => `${urlOf(next())}?token=${asked}`]) {
      asked = 0;
      const socket = open(ask, { health: "/_ping" });
      const log = logOf(socket);
      const before = [a, b].map(({ clients }) => clients.length);
      await until(() => socket.readyState === 1);
      await joined(socket);
      const { length } = a.clients;
      a.clients.at(-1).terminate();
      await until(() => log.filter((told) => told === "open").length === 2);
      assert.deepEqual([socket.link.active.connect.split("?")[0], new URL(socket.url).host], [urlOf(b), new URL(urlOf(b)).host]);
      await until(() => socket.link.active.health === "healthy");
      await pause(200);
      assert.deepEqual([asked, a.clients.length, b.clients.length - before[1], log], [2, length, 1, ["open", "close 1006 false", "open"]]);
      socket.close();
    }
  });

  test("what a function answers after `close` is nobody's, even if the next connection waits for its own answer", async () => {
    const [a] = await serve("a");
    const answers = [];
    const socket = open(() => new Promise((resolve) => answers.push(resolve)));
    const log = logOf(socket);
    socket.close();
    socket.reconnect();
    assert.equal(answers.length, 2);
    answers[0](`${urlOf(a)}?old`);
    await pause(100);
    assert.deepEqual([socket.readyState, a.requests.length], [0, 0]);
    answers[1](`${urlOf(a)}?new`);
    await until(() => socket.readyState === 1);
    await pause(50);
    assert.deepEqual([a.requests.map(({ url }) => url), log], [["/live?new"], ["close 1000 true", "open"]]);
  });

  test("a function that never answers is asked again", async () => {
    const [a] = await serve("a");
    let asked = 0;
    const socket = new SteadfastSocket(
      () => {
        asked += 1;
        return asked === 1 ? new Promise(() => {}) : urlOf(a);
      },
      null,
      { WebSocket, connectionTimeout: 200 },
    );
    sockets.push(socket);
    await until(() => socket.readyState === 1);
    assert.equal(asked, 2);
  });

  test("a function that fails is asked again; what it did is an `error`", async () => {
    const [a] = await serve("a");
    let asked = 0;
    const socket = open(() => {
      asked += 1;
      if (asked === 1) throw new Error("no token");
      return urlOf(a);
    });
    const log = logOf(socket);
    await until(() => log.includes("open"));
    assert.deepEqual(log, ["error no token", "close 1006 false", "open"]);
  });

  test("what is no URL is refused", () => {
    for (const wrong of ["wss://", "ftp://a.example", "ws://a.example/#x"]) assert.throws(() => open(wrong), refused("SyntaxError"));
  });

  test("sockets with the same servers and settings share a link, which ends with the last of them", async () => {
    const [a] = await serve("a");
    const [one, two, other] = [open(urlOf(a)), open(urlOf(a)), open(urlOf(a), { maxReconnectionDelay: 200 })];
    await Promise.all([one, two, other].map(joined));
    await until(() => [one, two, other].every(({ readyState }) => readyState === 1));
    assert.equal(one.link, two.link);
    assert.notEqual(one.link, other.link);
    const { link } = one;
    one.close();
    assert.equal(one.link, null);
    two.reconnect();
    await until(() => a.clients.length === 4);
    two.close();
    assert.throws(() => link.explain(), /stopped/);
  });

  test("servers are checked by a `health` that is relative to their URLs, or by one for each", async () => {
    const [a, b] = await serve("a", "b");
    const healths = ["/_ping", [a, b].map(({ endpoint }) => endpoint.health), (url) => url.replace("ws", "http").replace("live", "_ping")];
    for (const health of healths) {
      const socket = open([urlOf(a), urlOf(b)], { health });
      await joined(socket);
      await until(() => socket.link.state.endpoints.every((endpoint) => endpoint.health === "healthy"));
    }
  });

  test("`reconnect` replaces the connection, and tells what the app has said", async () => {
    const [a] = await serve("a");
    const socket = open(urlOf(a));
    const log = logOf(socket);
    await until(() => socket.readyState === 1);
    socket.reconnect(4000, "new token");
    await until(() => log.length === 3);
    assert.deepEqual(log, ["open", "close 4000 true", "open"]);
    await until(() => a.clients[0].closed);
    assert.deepEqual(a.clients[0].closed, [4000, "new token"]);
  });

  /** Runs a program in a process of its own, and returns what it has printed when it has ended by itself. */
  async function run(program) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (data) => {
      printed += data;
    });
    const [code] = await once(child, "close");
    assert.equal(code, 0);
    return printed;
  }

  test("without its WebAssembly, it says so once, and lives as long as its first connection", async () => {
    const [a] = await serve("a");
    a.greet = (client) => client.on("message", () => client.terminate());
    const printed = await run(`
      import SteadfastSocket from "steadfast/socket";
      import { WebSocket } from "ws";
      import { logOf } from "./stage.mjs";
      console.error = ({ message }) => console.log(message);
      const socket = new SteadfastSocket("${urlOf(a)}", null, { WebSocket, wasm: new Uint8Array(3) });
      const log = logOf(socket);
      socket.onerror = () => setTimeout(() => socket.send("still here"), 50);
      socket.addEventListener("stop", () => console.log(JSON.stringify([log, socket.readyState])));`);
    const [told, log] = [printed.split("\n")[0], JSON.parse(printed.split("\n")[1])[0]];
    assert.match(told, /wasm-unsafe-eval/);
    // Which of the two comes first is a matter of the machine.
    assert.deepEqual(log.slice(0, 2).sort(), [`error ${told}`, "open"]);
    assert.deepEqual(log.slice(2), ["close 1006 false", "stop notLoaded 1006"]);
    assert.deepEqual(a.clients[0].heard, ["still here"]);
  });

  test("a `reconnect` that no engine is there for leaves the connection as it was, with what was sent meanwhile", async (context) => {
    const [a] = await serve("a");
    const slow = await serveHttp((_, response) => setTimeout(() => response.writeHead(404).end(), 300));
    context.after(() => slow.close());
    // In a process of its own, where the WebAssembly is not there yet.
    const printed = await run(`
      import SteadfastSocket from "steadfast/socket";
      import { WebSocket } from "ws";
      const socket = new SteadfastSocket("${urlOf(a)}", null, { WebSocket, wasm: new URL("http://127.0.0.1:${slow.address().port}/") });
      const told = [];
      const tell = (...given) => told.push([socket.readyState, ...given]);
      await new Promise((open) => (socket.onopen = open));
      socket.reconnect();
      tell(socket.send("meanwhile"));
      await new Promise((failed) => (socket.onerror = failed));
      tell(socket.send("after"), socket.bufferedAmount);
      await new Promise((wait) => setTimeout(wait, 50));
      console.log(JSON.stringify(told));
      socket.close();`);
    assert.deepEqual(JSON.parse(printed), [
      [2, false],
      [1, true, 0],
    ]);
    assert.deepEqual([a.clients[0].heard, a.clients.length], [["meanwhile", "after"], 1]);
  });

  test("a `reconnect` leaves the app its connection while the engine is long in coming", async (context) => {
    const [a] = await serve("a");
    const silent = await serveHttp(() => {});
    context.after(() => silent.closeAllConnections());
    context.after(() => silent.close());
    const printed = await run(`
      import SteadfastSocket from "steadfast/socket";
      import { WebSocket } from "ws";
      const socket = new SteadfastSocket("${urlOf(a)}", null, { WebSocket, wasm: new URL("http://127.0.0.1:${silent.address().port}/") });
      await new Promise((open) => (socket.onopen = open));
      socket.reconnect();
      const told = [socket.readyState, socket.send("meanwhile")];
      await new Promise((wait) => setTimeout(wait, 2500));
      console.log(JSON.stringify([...told, socket.readyState, socket.send("after")]));
      socket.close();
      await new Promise((wait) => setTimeout(wait, 100));
      process.exit();`);
    assert.deepEqual(JSON.parse(printed), [2, false, 1, true]);
    assert.deepEqual([a.clients[0].heard, a.clients.length], [["meanwhile", "after"], 1]);
  });

  test("without the rest of its script, it says what may be wrong", async (context) => {
    const [a] = await serve("a");
    const folder = await mkdtemp(join(tmpdir(), "steadfast-alone-"));
    context.after(() => rm(folder, { recursive: true }));
    await copyFile(join(import.meta.dirname, "../../bindings/npm/dist/socket.js"), join(folder, "socket.mjs"));
    const { default: Alone } = await import(join(folder, "socket.mjs"));
    const socket = new Alone(urlOf(a), null, { WebSocket });
    sockets.push(socket);
    const [{ message }] = await once(socket, "error");
    assert.match(message, /^steadfast: engine\.js .*Content-Security-Policy.* the connection is not replaced\.$/);
    assert.match(message, /network/);
  });

  for (const [title, when] of [
    ["while it connects", ""],
    ["when it is open", "await new Promise((open) => (socket.onopen = open));"],
    ["when it follows its link", "while (!socket.link) await new Promise((wait) => setTimeout(wait, 5)); await new Promise((wait) => setTimeout(wait, 50));"],
  ]) {
    test(`once it is closed, nothing keeps the process alive: ${title}`, async () => {
      const [a] = await serve("a");
      await run(`
        import SteadfastSocket from "steadfast/socket";
        import { WebSocket } from "ws";
        const socket = new SteadfastSocket(${JSON.stringify([urlOf(a), urlOf(a).replace("live", "other")])}, null, { WebSocket });
        ${when}
        socket.close();`);
    });
  }

  test("its events are of classes that it exports", async () => {
    const [a] = await serve("a");
    a.refuse = 500;
    const socket = open(urlOf(a), { maxRetries: 0 });
    const events = [];
    for (const type of ["error", "close"]) socket.addEventListener(type, (event) => events.push(event));
    await until(() => events.length === 2);
    assert.deepEqual([events[0] instanceof ErrorEvent, events[1] instanceof CloseEvent], [true, true]);
  });
});

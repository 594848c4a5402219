// The npm package in Node against servers that break the rules of HTTP and WebSocket.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { WebSocket, WebSocketServer } from "ws";
import { serveHttp } from "./servers.mjs";
import { pause, until } from "./waiting.mjs";

/** From now on, a server's end of a socket answers no close. */
function answerNoClose(socket, webSocket) {
  webSocket._receiver.removeAllListeners("conclude");
  socket.removeAllListeners("end");
}

describe("servers that misbehave", () => {
  const opened = [];
  const link = async (config) => {
    const started = await Steadfast.start({ spread: { forced: 0, voluntary: 0 }, ...config }, { WebSocket });
    opened.push({ close: () => started.stop() });
    return started;
  };
  /** A server that answers requests like this; `upgraded` is given each socket whose upgrade it has accepted, with `ws`'s view of it. */
  async function serve(name, answer, upgraded = () => {}) {
    const server = await serveHttp(answer);
    const accepting = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => accepting.handleUpgrade(request, socket, head, (webSocket) => upgraded(socket, webSocket)));
    opened.push({
      close() {
        server.close();
        server.closeAllConnections();
        for (const webSocket of accepting.clients) webSocket.terminate();
      },
    });
    const host = `127.0.0.1:${server.address().port}`;
    return { name, connect: `ws://${host}/`, health: `http://${host}/_ping` };
  }
  const well = (_, response) => response.end("ok");
  afterEach(() => {
    for (const it of opened.splice(0).reverse()) it.close();
  });

  for (const mode of ["cors", "no-cors"]) {
    for (const [followRedirects, status] of [
      [true, 302],
      [true, 307],
      [false, 302],
    ]) {
      const title = `a check takes no secret to another origin: ${mode}, ${status}${followRedirects ? ", followed" : ""}`;
      test(title, async () => {
        const stolen = [];
        const stranger = await serve("stranger", ({ headers }, response) => {
          stolen.push(headers);
          response.end("ok");
        });
        const endpoint = await serve("a", (_, response) => response.writeHead(status, { location: stranger.health }).end());
        const check = { method: "POST", body: "s3cr3t", headers: { "x-api-key": "s3cr3t" }, followRedirects, mode };
        const { failure } = await (await link({ endpoints: [endpoint], check })).checkNow();
        assert.equal(failure, followRedirects ? "redirect" : "status");
        assert.deepEqual(stolen, []);
      });
    }
  }

  test("a check follows redirects within its origin, as many as it may", async () => {
    const seen = [];
    const endpoint = await serve("a", ({ method, url, headers }, response) => {
      seen.push(`${method} ${url} ${headers["x-api-key"]}`);
      const next = { "/_ping": "/one", "/one": "two?x=1" }[url];
      if (next) response.writeHead(303, { location: next }).end("elsewhere");
      else if (url === "/loop") response.writeHead(302, { location: "/loop" }).end();
      else response.end("ok");
    });
    const check = { method: "POST", body: "b", headers: { "x-api-key": "k" }, followRedirects: true, interval: "10m" };
    assert.equal((await (await link({ endpoints: [endpoint], check })).checkNow()).failure, null);
    assert.deepEqual(seen.slice(0, 3), ["POST /_ping k", "GET /one k", "GET /two?x=1 k"]);
    const loop = { ...endpoint, health: endpoint.health.replace("_ping", "loop") };
    assert.equal((await (await link({ endpoints: [loop], check })).checkNow()).failure, "redirect");
  });

  test("a socket on which rubbish arrives has ended at once", async () => {
    const bad = await serve("bad", well, async (socket) => {
      await pause(200);
      socket.write("rubbish, and no frame");
    });
    const good = await serve("good", well, (_, webSocket) => webSocket.send("hello"));
    const started = await link({ endpoints: [bad, good] });
    const began = performance.now();
    const closed = [];
    const heard = [];
    const socket = started.socket();
    socket.onclose = ({ code }) => closed.push(code);
    socket.onmessage = () => heard.push(socket.endpoint);
    await until(() => heard.includes("good"));
    assert.deepEqual([closed[0], heard], [1006, ["good"]]);
    assert.ok(performance.now() - began < 15_000, "`ws` itself says so after 30 s");
  });

  test("a socket that does not finish its close has ended after two seconds, and one that does has its code", async () => {
    const closing = (finishes) => async (socket, webSocket) => {
      if (!finishes) answerNoClose(socket, webSocket);
      webSocket.send("hello");
      await pause(200);
      webSocket.close(4401);
    };
    for (const [finishes, code] of [
      [false, 1006],
      [true, 4401],
    ]) {
      const endpoint = await serve("a", well, closing(finishes));
      const started = await link({ endpoints: [endpoint], check: { interval: "500ms" }, busyInterval: "500ms" });
      const closed = [];
      const socket = started.socket();
      socket.onclose = ({ code }) => closed.push(code);
      const sending = setInterval(() => socket.send("anybody there?"), 10);
      opened.push({ close: () => clearInterval(sending) });
      const began = performance.now();
      await until(() => closed.length > 0);
      assert.equal(closed[0], code);
      assert.ok(performance.now() - began < 10_000, "`ws` itself says so after 30 s");
    }
  });

  test("nothing arrives after the end, though a server goes on sending", async () => {
    const endless = await serve("endless", well, (socket, webSocket) => {
      answerNoClose(socket, webSocket);
      const ticking = setInterval(() => webSocket.send("tick"), 20);
      socket.on("close", () => clearInterval(ticking));
    });
    const other = await serve("other", well);
    for (const end of [(_, socket) => socket.close(), (started) => started.stop()]) {
      const started = await link({ endpoints: [endless, other] });
      await until(() => started.state.endpoints.every(({ health }) => health === "healthy"));
      let heard = 0;
      const socket = started.socket();
      socket.onmessage = () => {
        heard += 1;
      };
      await until(() => heard > 3);
      started.prefer("other");
      await until(() => socket.endpoint === "other");
      const before = heard;
      await until(() => heard > before);
      end(started, socket);
      const after = heard;
      await pause(300);
      assert.equal(heard, after);
    }
  });
});

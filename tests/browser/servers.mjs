// The servers of a test: the testbed, and one for pages.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const ROOT = join(import.meta.dirname, "../..");
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".css": "text/css",
  ".map": "application/json",
};

/** For two servers: one each, where the system has them. Browsers let the connections to one address wait for each other. */
export const ADDRESSES = process.platform === "linux" ? ["127.0.0.1", "127.0.0.2"] : ["127.0.0.1", "127.0.0.1"];

/** Starts an HTTP server on a free port, which answers requests like this. */
export async function serveHttp(answer) {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/**
 * Starts the testbed on free ports.
 *
 * @returns its control's URL, its endpoints, a way to set faults, and a way to kill the process as by `kill -9`.
 */
export async function startTestbed(names = ["primary", "secondary"], addresses = names.map(() => "127.0.0.1")) {
  const program = process.env.TESTBED ?? join(ROOT, "target/debug/steadfast-testbed");
  const endpoints = names.flatMap((name, index) => ["--endpoint", `${name}=${addresses[index]}:0`]);
  const child = spawn(program, ["--control", "127.0.0.1:0", ...endpoints], { stdio: ["ignore", "pipe", "inherit"] });
  let control;
  for await (const line of createInterface({ input: child.stdout })) {
    control = /^control +(http:\S+)\/endpoints$/.exec(line)?.[1];
    if (control) break;
  }
  if (!control) throw new Error("the testbed did not start");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    control,
    endpoints: (await (await fetch(`${control}/endpoints`)).json()).map(({ name, connect, health }) => ({ name, connect, health })),
    async fault(endpoint, fault) {
      const headers = { "content-type": "application/json" };
      const { status } = await fetch(`${control}/endpoints/${endpoint}/fault`, { method: "POST", headers, body: JSON.stringify(fault) });
      if (status !== 204) throw new Error(`the testbed refused the fault ${JSON.stringify(fault)}: ${status}`);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/**
 * Starts an endpoint whose sockets a test has in its hands.
 *
 * @returns the endpoint for a config; `clients`, the server's ends of the open sockets, and `requests` of upgrades, both in their order;
 * `greet`, which is called with each new end; `refuse`, a status for upgrades, or what says so of a request; `sick`, whether checks fail; and ways to end it all, of which `kill` is like the death of a process.
 */
export async function serveSockets(name) {
  const server = await serveHttp((_, response) => response.writeHead(served.sick ? 500 : 200).end());
  const accepting = new WebSocketServer({ noServer: true });
  const host = `127.0.0.1:${server.address().port}`;
  const served = {
    endpoint: { name, connect: `ws://${host}/live`, health: `http://${host}/_ping` },
    clients: [],
    requests: [],
    greet: () => {},
    refuse: 0,
    sick: false,
    kill() {
      for (const client of accepting.clients) client.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
  server.on("upgrade", (request, socket, head) => {
    served.requests.push(request);
    const status = typeof served.refuse === "function" ? served.refuse(request) : served.refuse;
    if (status) return void socket.on("error", () => {}).end(`HTTP/1.1 ${status} No\r\n\r\n`);
    accepting.handleUpgrade(request, socket, head, (client) => {
      client.heard = [];
      client.on("message", (data, isBinary) => client.heard.push(isBinary ? data : String(data)));
      client.on("close", (code, reason) => {
        client.closed = [code, String(reason)];
      });
      served.clients.push(client);
      served.greet(client);
    });
  });
  return served;
}

/** A port that nothing used a moment ago; the system chooses it. */
export async function freePort() {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Serves folders, each under its path. */
export async function servePages(folders) {
  const server = await serveHttp(async ({ url }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const [prefix, folder] = Object.entries(folders).find(([prefix]) => path.startsWith(prefix)) ?? [];
    try {
      if (!folder) throw new Error("no such folder");
      const body = await readFile(join(folder, path.slice(prefix.length)));
      // Scripts from here alone and no code made from text: what a careful site sends.
      const policy = "script-src 'self' 'wasm-unsafe-eval'";
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "content-security-policy": policy });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

// What a test of a socket needs: servers, addresses where nobody listens, sockets that end with the test.
import { once } from "node:events";
import { afterEach, beforeEach } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { freePort } from "../servers.mjs";
import { pause } from "../waiting.mjs";

/** How much later than asked for a timer may end here, in milliseconds. */
const SLACK = 250;

/** The next event of this type. */
export const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve));

/** The text of a message, whatever it came as. */
export const textOf = async (data) => (data instanceof Blob ? await data.text() : String(data));

/** `ws`'s class as a platform's would be: one that fails while nobody listens does not end the process. */
class PlatformWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    this.on("error", () => {});
  }
}

/** A `WebSocket` class that remembers its instances. */
export function countedWebSocket() {
  const made = [];
  class Counted extends PlatformWebSocket {
    constructor(url, protocols) {
      super(url, protocols);
      made.push({ socket: this, url, protocols, at: performance.now() });
    }
  }
  return Object.assign(Counted, { made });
}

/** Whether a wait was as long as asked for. */
export function asLongAs(waited, expected) {
  // A timer may be a millisecond early by another clock.
  return waited >= expected - 2 && waited < expected + SLACK;
}

/** The servers and sockets of one test. */
class Rig {
  #sockets = [];
  #servers = [];

  constructor(Socket) {
    this.Socket = Socket;
  }

  /** A socket of the class under test. */
  socket(...given) {
    const socket = new this.Socket(...given);
    this.#sockets.push(socket);
    return socket;
  }

  /** A server that tells of each connection, and its number from 1 on. */
  async serve(connected = () => {}) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    server.connections = 0;
    server.on("connection", (client) => {
      server.connections += 1;
      connected(client, server.connections);
    });
    this.#servers.push(server);
    return Object.assign(server, { url: `ws://127.0.0.1:${server.address().port}/` });
  }

  /** A server that sends back what it gets. */
  serveEcho() {
    return this.serve((client) => client.on("message", (data, binary) => client.send(data, { binary })));
  }

  /** A URL at which connections are refused. */
  async nowhere() {
    return `ws://127.0.0.1:${await freePort()}/`;
  }

  async end() {
    for (const socket of this.#sockets.splice(0)) socket.close();
    // A connection may be under way.
    await pause(20);
    for (const server of this.#servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  }
}

/** A rig for each test that follows, with a platform that has a `WebSocket`. */
export function rigFor(Socket) {
  const rig = new Rig(Socket);
  const platform = globalThis.WebSocket;
  beforeEach(() => {
    globalThis.WebSocket = PlatformWebSocket;
  });
  afterEach(async () => {
    await rig.end();
    globalThis.WebSocket = platform;
  });
  return rig;
}

/** How a mistake in what a socket was given is told: `thrown`, an `error` event, or as a promise's that nobody handled. */
export async function complaint(make, patience = 2_000) {
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  try {
    return await Promise.race([
      new Promise((resolve) => process.once("unhandledRejection", ({ message }) => resolve({ by: "rejection", message }))),
      new Promise((resolve) => {
        try {
          make().addEventListener("error", ({ message }) => resolve({ by: "event", message }));
        } catch ({ message }) {
          resolve({ by: "thrown", message });
        }
      }),
      pause(patience).then(() => ({ by: "nothing" })),
    ]);
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}

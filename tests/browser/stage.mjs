// What tests of sockets have in common: servers in their hands, a link to them, and what a socket tells.
import { Steadfast } from "steadfast";
import { WebSocket } from "ws";
import { serveSockets } from "./servers.mjs";
import { until } from "./waiting.mjs";

/** Whether a problem is a DOMException of this name, for `assert.throws`. */
export const refused = (name) => (problem) => problem instanceof DOMException && problem.name === name;

/** What a socket tells, in order and in short. */
export function logOf(socket) {
  const log = [];
  const listen = (type, told) => socket.addEventListener(type, (event) => log.push(told(event)));
  listen("open", () => "open");
  listen("message", ({ data }) => `message ${data}`);
  listen("error", ({ message }) => `error ${message}`);
  listen("close", ({ code, wasClean }) => `close ${code} ${wasClean}`);
  listen("switch", ({ detail }) => `switch ${detail.from} ${detail.to} ${detail.reason}`);
  listen("stop", ({ detail }) => `stop ${detail.reason} ${detail.code}`);
  return log;
}

/** Servers and links that end together. */
export class Stage {
  #opened = [];

  async serve(...names) {
    return Promise.all(
      names.map(async (name) => {
        const server = await serveSockets(name);
        this.#opened.push(() => server.kill());
        return server;
      }),
    );
  }

  /** Starts a link to these servers that loses no time. */
  async start(servers, config = {}) {
    const endpoints = servers.map(({ endpoint }) => endpoint);
    const retry = { initial: "20ms", max: "100ms" };
    const link = await Steadfast.start({ endpoints, spread: { forced: 0, voluntary: 0 }, retry, ...config }, { WebSocket });
    this.#opened.push(() => link.stop());
    return link;
  }

  end() {
    for (const end of this.#opened.splice(0).reverse()) end();
  }
}

export const bothHealthy = (link) => until(() => link.state.endpoints.every(({ health }) => health === "healthy"));

/** Has a server end its side of a connection only when the test says so. */
export function holdClose(client) {
  client._receiver.removeAllListeners("conclude");
  let asked = false;
  client._receiver.on("conclude", () => {
    asked = true;
  });
  return { isAsked: () => asked, finish: () => client.close(1000) };
}

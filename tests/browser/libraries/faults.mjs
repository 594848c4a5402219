// Pairs of servers of a library, each server a process, and what can happen to the first one.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { ADDRESSES } from "../servers.mjs";

/** What happens to the primary, by name. `network` is what lies between it and its clients. */
export const FAULTS = {
  /** The process is dead: its sockets break, connections are refused. */
  kill: ({ child }) => child.kill("SIGKILL"),
  /** The process is stopped: the system accepts connections, and nobody answers. */
  hang: ({ child }) => child.kill("SIGSTOP"),
  /** It answers health checks and upgrades with 503; what is open goes on. */
  503: ({ child }) => child.send("unavailable"),
  /** It announces maintenance, and half a second later closes what is open with 1012. */
  drain: ({ child }) => child.send("drain"),
  /** Nothing that is sent arrives any more, in both directions. */
  cut: ({ network }) => network.cut(),
};

/** Passes everything on to a port, until it is cut. */
class Network {
  #sockets = new Set();
  #cut = false;

  async start(address, port) {
    this.server = createServer((outer) => {
      const inner = this.#cut ? undefined : connect(port, address);
      for (const [socket, other] of [
        [outer, inner],
        [inner, outer],
      ]) {
        if (!socket) continue;
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          // A cut network brings no news of an end.
          if (!this.#cut) other?.destroy();
        });
        socket.on("data", (data) => {
          if (!this.#cut) other?.write(data);
        });
      }
    }).listen(0, address);
    await once(this.server, "listening");
    return this.server.address().port;
  }

  cut() {
    this.#cut = true;
  }

  close() {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Starts a server of this library; `throughNetwork` if its network is to be cut. */
async function startServer(library, name, address, throughNetwork) {
  const child = fork(join(import.meta.dirname, "servers", `${library}.mjs`), [name, address], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  // Not its parent's own: a process that is stopped would hold that open.
  child.stderr.pipe(process.stderr);
  const [port] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the server of ${library} ended with ${code} before it listened`))),
  ]);
  const network = throughNetwork ? new Network() : undefined;
  const host = `${address}:${network ? await network.start(address, port) : port}`;
  return { child, network, endpoint: { name, connect: `ws://${host}/live`, health: `http://${host}/_ping` } };
}

/** Two servers of a library, the first of which meets with a fault on request. */
export async function startPair(library, fault) {
  const servers = await Promise.all([startServer(library, "primary", ADDRESSES[0], fault === "cut"), startServer(library, "secondary", ADDRESSES[1], false)]);
  return {
    endpoints: servers.map(({ endpoint }) => endpoint),
    strike: () => FAULTS[fault](servers[0]),
    close() {
      for (const { child, network } of servers) {
        child.kill("SIGKILL");
        network?.close();
      }
    },
  };
}

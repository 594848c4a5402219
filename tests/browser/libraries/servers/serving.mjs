// What the servers of this folder have in common: they are processes of their own, answer a health check, and obey their parent.
import { createServer } from "node:http";

/** A close frame with code 1012, "service restart" (RFC 6455, section 5.5.1). */
const RESTART = Buffer.from([0x88, 2, 1012 >> 8, 1012 & 0xff]);

/** How long after its announcement a drain closes what is open, in milliseconds. */
const NOTICE = 500;

/**
 * Serves a library's WebSocket endpoint at `/live` and a health check at `/_ping`.
 *
 * @param attach gives the library an HTTP server, whose upgrades it answers, and this server's name.
 */
export async function serve(attach) {
  const [name, address] = process.argv.slice(2);
  /** Only takes upgrades, from the server below. */
  const inner = createServer();
  const open = new Set();
  let unavailable = false;
  let draining = false;

  const server = createServer((request, response) => {
    const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after", "cache-control": "no-store" };
    if (request.url !== "/_ping") response.writeHead(404, headers).end();
    else if (draining) response.writeHead(503, { ...headers, "retry-after": "30" }).end("restarting");
    else response.writeHead(unavailable ? 503 : 200, headers).end();
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    if (unavailable || draining) {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    inner.emit("upgrade", request, socket, head);
  });

  const wishes = {
    unavailable() {
      unavailable = true;
    },
    drain() {
      draining = true;
      setTimeout(() => {
        for (const socket of open) socket.end(RESTART);
      }, NOTICE);
    },
  };
  process.on("message", (wish) => wishes[wish]());
  process.on("disconnect", () => process.exit());

  await attach(inner, name);
  server.listen(0, address, () => process.send(server.address().port));
}

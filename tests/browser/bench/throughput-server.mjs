// A server that sends as many messages of a size as it is asked for, as fast as they are taken.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

/** How many bytes may wait in the server. */
const MOST_WAITING = 4 * 1024 * 1024;

const server = createServer((_, answer) => answer.writeHead(200, { "access-control-allow-origin": "*" }).end());
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", async (text) => {
    const { count, size } = JSON.parse(text);
    const message = size < 1_000 ? "m".repeat(size) : Buffer.alloc(size);
    for (let sent = 0; sent < count; sent += 1) {
      socket.send(message);
      while (socket.bufferedAmount > MOST_WAITING) await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());

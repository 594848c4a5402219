// The measurement in a process of its own: what a library draws once in a program's life is drawn for each run, as in a page.
import { Steadfast } from "steadfast";
import SteadfastSocket from "steadfast/socket";
import { WebSocket } from "ws";
import { Arena } from "./arena.mjs";
import { opening } from "./opening.mjs";
import { receiving } from "./receiving.mjs";

/** `ws`'s class as a platform's would be: one that fails while nobody listens does not end the process. */
class NodeWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    this.on("error", () => {});
  }
}

const platform = { WebSocket: NodeWebSocket, Steadfast, SteadfastSocket };
const arena = Object.assign(new Arena(platform), {
  receiving: (...given) => receiving(platform, ...given),
  opening: (...given) => opening(platform, ...given),
});
process.on("message", async ({ method, given }) => process.send({ answer: await arena[method](...given) }));
process.on("disconnect", () => process.exit());

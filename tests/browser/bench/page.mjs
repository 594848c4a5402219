// The measurement in a page, put together by esbuild.
import { Steadfast } from "/steadfast/index.js";
import SteadfastSocket from "/steadfast/socket.js";
import { Arena } from "./arena.mjs";
import { opening } from "./opening.mjs";
import { receiving } from "./receiving.mjs";

const platform = { WebSocket, Steadfast, SteadfastSocket };
globalThis.arena = Object.assign(new Arena(platform), {
  receiving: (...given) => receiving(platform, ...given),
  opening: (...given) => opening(platform, ...given),
});

// The measurement in a page, put together by esbuild.
import { Steadfast } from "/steadfast/index.js";
import { Arena } from "./arena.mjs";
import { receiving } from "./receiving.mjs";

const platform = { WebSocket, Steadfast };
globalThis.arena = Object.assign(new Arena(platform), { receiving: (...given) => receiving(platform, ...given) });

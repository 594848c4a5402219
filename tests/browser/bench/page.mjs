// The measurement in a page, put together by esbuild.
import { Steadfast } from "/steadfast/index.js";
import { Arena } from "./arena.mjs";

globalThis.arena = new Arena({ WebSocket, Steadfast });

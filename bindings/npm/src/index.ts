/**
 * Steadfast keeps a web app connected to a backend that works.
 *
 * ```ts
 * import { Steadfast } from "steadfast";
 *
 * const link = await Steadfast.start({
 *   endpoints: [
 *     { name: "primary", connect: "wss://a.example/live", health: "https://a.example/_ping" },
 *     { name: "secondary", connect: "wss://b.example/live", health: "https://b.example/_ping" },
 *   ],
 * });
 * const socket = link.socket();
 * socket.onmessage = ({ data }) => console.log(data);
 * link.addEventListener("switch", ({ detail }) => console.log(`now on ${detail.to}`));
 * ```
 *
 * Importing it does nothing, so it can be imported on a server; everything begins with `start`.
 *
 * @module
 */

export * from "./common.js";
export type { LinkEvents } from "./events.js";
export { type Config, type EndpointState, type Snapshot, Steadfast } from "./steadfast.js";

// Measures how fast messages arrive over a socket that survives, compared with a bare WebSocket, in Node and in browsers.
// Usage: node throughput.mjs [--platforms Node,Chromium] [--rounds COUNT]
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { middle } from "./middle.mjs";
import { PLATFORMS } from "./platforms.mjs";

const KINDS = { "100,000 messages of 20 bytes": { count: 100_000, size: 20 }, "100 messages of 1 MB": { count: 100, size: 1_000_000 } };

const { values: options } = parseArgs({ options: { platforms: { type: "string" }, rounds: { type: "string", default: "7" } } });

const server = fork(join(import.meta.dirname, "throughput-server.mjs"));
const [port] = await once(server, "message");
console.log("| platform | | bare, ms | held, ms | throughput of a bare one |\n|---|---|---:|---:|---:|");
for (const name of options.platforms?.split(",") ?? Object.keys(PLATFORMS)) {
  const platform = await PLATFORMS[name]();
  try {
    const arena = await platform.arena();
    for (const [kind, what] of Object.entries(KINDS)) {
      const { bare, held } = await arena.receiving(port, { ...what, rounds: Number(options.rounds) });
      const share = middle(bare.map((time, round) => time / held[round]));
      console.log(`| ${name} | ${kind} | ${middle(bare).toFixed(0)} | ${middle(held).toFixed(0)} | ${(100 * share).toFixed(0)} % |`);
    }
  } finally {
    await platform.close();
  }
}
server.disconnect();

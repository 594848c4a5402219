// Measures how long `steadfast/socket` takes from its constructor to `open`, compared with a bare WebSocket, in Node and in browsers. The package is loaded by then.
// Usage: node open.mjs [--platforms Node,Chromium] [--rounds COUNT]
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { middle } from "./middle.mjs";
import { PLATFORMS } from "./platforms.mjs";

const { values: options } = parseArgs({ options: { platforms: { type: "string" }, rounds: { type: "string", default: "100" } } });

const server = fork(join(import.meta.dirname, "throughput-server.mjs"));
const [port] = await once(server, "message");
console.log("| platform | bare, the first, ms | held, the first, ms | bare, ms | held, ms | longer by, ms |\n|---|---:|---:|---:|---:|---:|");
for (const name of options.platforms?.split(",") ?? Object.keys(PLATFORMS)) {
  const platform = await PLATFORMS[name]();
  try {
    const arena = await platform.arena();
    const { first, bare, held } = await arena.opening(port, { rounds: Number(options.rounds) });
    const times = [first.bare, first.held, middle(bare), middle(held), middle(held.map((time, round) => time - bare[round]))];
    console.log(`| ${[name, ...times.map((time) => time.toFixed(1))].join(" | ")} |`);
  } finally {
    await platform.close();
  }
}
server.disconnect();

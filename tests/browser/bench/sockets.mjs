// Measures how long an app is without a server: from the fault to the first message of the other server, for Steadfast and for libraries that
// reconnect, side by side.
// Usage: node sockets.mjs [--docs FOLDER] [--runs COUNT] [--platforms Node,Chromium] [--faults kill,hang]
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ADDRESSES, startTestbed } from "../servers.mjs";
import { CONTENDERS, PACES } from "./contenders.mjs";
import { PLATFORMS } from "./platforms.mjs";

const FAULTS = new Map([
  ["kill", "kill"],
  ["hang", "hang"],
  ["503", { status: 503 }],
  ["slow", { slow: 4000 }],
]);
/** From check to check of a healthy server, in milliseconds: the faults strike at moments that are spread evenly over it. */
const INTERVAL = { quiet: 3_000, busy: 16_000 };
/** Who has not moved by then is said never to move, in milliseconds. */
const PATIENCE = 20_000;
const MARKS = ["<!-- measured: begin -->", "<!-- measured: end -->"];

const { values: options } = parseArgs({
  options: { docs: { type: "string" }, runs: { type: "string", default: "5" }, platforms: { type: "string" }, faults: { type: "string" } },
});

/** The wanted ones of these, or all. */
function wanted(given, known) {
  const names = given?.split(",") ?? known;
  for (const name of names) if (!known.includes(name)) throw new Error(`nothing is called ${name} here; there are: ${known.join(", ")}`);
  return names;
}

/** How long ago the last check was, in run number `run`: each pace has another order. */
const moment = (run) => ({ quiet: ((((2 * run) % runs) + 0.5) / runs) * INTERVAL.quiet, busy: ((run + 0.5) / runs) * INTERVAL.busy });

/** One run on one platform: the milliseconds of each contender. */
async function measure(platform, fault, run) {
  const testbed = await startTestbed(["primary", "secondary"], ADDRESSES);
  try {
    const arena = await platform.arena();
    await arena.start(testbed.endpoints);
    await arena.strike(testbed.control, FAULTS.get(fault), moment(run));
    for (const end = performance.now() + PATIENCE; performance.now() < end; await pause(100)) {
      if ((await arena.results()).every(({ millis }) => millis !== null)) break;
    }
    const results = await arena.results();
    await arena.end();
    return results;
  } finally {
    await testbed.kill();
  }
}

/** The middle one; who never moved took longest. */
function median(all) {
  const sorted = [...all].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY));
  return sorted[Math.floor(sorted.length / 2)];
}

const seconds = (millis) => (millis === null ? "never" : (millis / 1000).toFixed(1));

function table(pace, figures, platforms, faults) {
  const rows = [`| ${pace} | | ${faults.join(" | ")} |`, `|---|---|${"---:|".repeat(faults.length)}`];
  for (const platform of platforms) {
    for (const name of Object.keys(CONTENDERS)) {
      const cells = faults.map((fault) => seconds(median(figures.get([platform, fault, pace, name].join()))));
      rows.push(`| ${platform} | ${name} | ${cells.join(" | ")} |`);
    }
  }
  return rows.join("\n");
}

async function publish(folder, text) {
  const page = join(folder, "sockets.md");
  const [before, rest] = (await readFile(page, "utf8")).split(MARKS[0]);
  const [, after] = rest.split(MARKS[1]);
  await writeFile(page, `${before}${MARKS[0]}\n\n${text}\n\n${MARKS[1]}${after}`);
}

const platforms = wanted(options.platforms, Object.keys(PLATFORMS));
const faults = wanted(options.faults, [...FAULTS.keys()]);
const runs = Number(options.runs);
const figures = new Map();
const open = await Promise.all(platforms.map((name) => PLATFORMS[name]()));
try {
  for (const fault of faults) {
    for (let run = 0; run < runs; run += 1) {
      // Side by side: nearly all of the time, all of them wait.
      const measured = await Promise.all(open.map((platform) => measure(platform, fault, run)));
      for (const [index, results] of measured.entries()) {
        for (const { name, pace, millis } of results) {
          const key = [platforms[index], fault, pace, name].join();
          figures.set(key, [...(figures.get(key) ?? []), millis]);
        }
      }
      console.log(`${fault}: run ${run + 1} of ${runs}`);
    }
    for (const [key, all] of figures) if (key.split(",")[1] === fault) console.log(`${key}: ${seconds(median(all))}   (${all.map(seconds).join(" ")})`);
  }
} finally {
  await Promise.all(open.map((platform) => platform.close()));
}
const text = PACES.map((pace) => table(pace, figures, platforms, faults)).join("\n\n");
console.log(text);
if (options.docs) await publish(options.docs, text);

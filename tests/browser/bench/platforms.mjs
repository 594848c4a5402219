// Where sockets are measured: in Node, and in the browsers that this machine has.
import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { BROWSERS } from "../browsers.mjs";
import { servePages } from "../servers.mjs";

const ROOT = join(import.meta.dirname, "../../..");

const METHODS = ["start", "strike", "results", "end", "receiving", "opening"];

/** An arena whose methods are asked for elsewhere. */
const asking = (ask) => Object.fromEntries(METHODS.map((method) => [method, (...given) => ask(method, ...given)]));

/** A platform has `arena()`, a fresh one in place of the last, and `close()`. */
async function node() {
  let child;
  return {
    async arena() {
      child?.kill();
      child = fork(join(import.meta.dirname, "process.mjs"));
      const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`the process ended with ${code} before it answered`)));
      // Once nothing is asked any more, it may end.
      ended.catch(() => {});
      return asking(async (method, ...given) => {
        child.send({ method, given });
        const [{ answer }] = await Promise.race([once(child, "message"), ended]);
        return answer;
      });
    },
    close: async () => child?.kill(),
  };
}

async function inBrowser(launch) {
  const folder = await mkdtemp(join(tmpdir(), "steadfast-bench-"));
  const entry = join(import.meta.dirname, "page.mjs");
  await build({ entryPoints: [entry], outfile: join(folder, "page.js"), bundle: true, format: "esm", external: ["/steadfast/*"], logLevel: "error" });
  await cp(join(import.meta.dirname, "page.html"), join(folder, "page.html"));
  const pages = await servePages({ "/bench/": folder, "/steadfast/": join(ROOT, "bindings/npm/dist") });
  const browser = await launch();
  return {
    async arena() {
      await browser.goto(`${pages.url}/bench/page.html`);
      await browser.run("while (!globalThis.arena) await new Promise((resolve) => setTimeout(resolve, 10))");
      return asking((method, ...given) => browser.run(`return await arena.${method}(${given.map((value) => JSON.stringify(value)).join()})`));
    },
    async close() {
      await browser.close();
      pages.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How each platform is started, by its name in the tables. */
export const PLATFORMS = { Node: node };
for (const [name, launch] of Object.entries({ Chromium: BROWSERS.chromium, Firefox: BROWSERS.firefox, WebKit: BROWSERS.webkit })) {
  if (launch) PLATFORMS[name] = () => inBrowser(launch);
}

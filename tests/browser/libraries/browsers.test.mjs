// Libraries that take a WebSocket class, against their own servers, through everything that can happen to a server: in pages.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { BROWSERS } from "../browsers.mjs";
import { servePages } from "../servers.mjs";
import { CLIENTS } from "./clients.mjs";
import { FAULTS, startPair } from "./faults.mjs";
import { lifeOf } from "./scenario.mjs";
import { SUBJECTS } from "./subjects.mjs";

const ROOT = join(import.meta.dirname, "../../..");

/**
 * Which third of the matrix each browser runs: 0 unless `ROTATION` says otherwise, and all with `ROTATION=all`. In any third, each browser meets every
 * library and every fault, and every library meets every fault in some browser.
 */
const { ROTATION = "0" } = process.env;
const isMeant = (...places) => ROTATION === "all" || places.reduce((sum, place) => sum + place, Number(ROTATION)) % 3 === 0;

const [NAMES, LIBRARIES, KINDS] = [BROWSERS, CLIENTS, FAULTS].map(Object.keys);

for (const [name, launch] of Object.entries(BROWSERS)) {
  describe(name, { skip: !launch && `no ${name} on this machine; install it and run the tests again` }, () => {
    let folder;
    let pages;
    let browser;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "steadfast-libraries-"));
      const entry = join(import.meta.dirname, "page.mjs");
      await build({ entryPoints: [entry], outfile: join(folder, "page.js"), bundle: true, format: "esm", external: ["/steadfast/*"], logLevel: "error" });
      await cp(join(import.meta.dirname, "page.html"), join(folder, "page.html"));
      pages = await servePages({ "/libraries/": folder, "/steadfast/": join(ROOT, "bindings/npm/dist") });
      browser = await launch();
      await browser.goto(`${pages.url}/libraries/page.html`);
      await browser.run("while (!globalThis.lab) await new Promise((resolve) => setTimeout(resolve, 10))");
    });

    after(async () => {
      await browser?.close();
      pages?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    const ask = (method, ...given) => browser.run(`return await lab.${method}(${given.map((value) => JSON.stringify(value)).join()})`);

    const run = (key, subject, library, fault) => {
      const survives = subject.survives.includes(fault);
      test(`${subject.name}: ${library} ${survives ? "goes on" : "does not go on"} after ${fault}`, async (context) => {
        const { endpoints, strike, close } = await startPair(library, fault);
        context.after(close);
        const app = `${key} ${library} ${fault}`;
        context.after(() => ask("end", app));
        await ask("start", app, library, key, endpoints);
        const methods = ["from", "say", "lost"].map((method) => [method, (...given) => ask(method, app, ...given)]);
        await lifeOf(Object.fromEntries(methods), { strike, survives });
      });
    };

    // Side by side: most of their time they wait.
    describe("libraries", { concurrency: 6 }, () => {
      for (const [key, subject] of Object.entries(SUBJECTS)) {
        for (const fault of subject.inPages) {
          for (const library of LIBRARIES) {
            if (isMeant(NAMES.indexOf(name), LIBRARIES.indexOf(library), KINDS.indexOf(fault))) run(key, subject, library, fault);
          }
        }
      }
    });
  });
}

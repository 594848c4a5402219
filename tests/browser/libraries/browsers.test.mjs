// Libraries that take a WebSocket class, against their own servers, through everything that can happen to a server: in pages.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { BROWSERS } from "../browsers.mjs";
import { servePages } from "../servers.mjs";
import { CLIENTS } from "./clients.mjs";
import { startPair } from "./faults.mjs";
import { lifeOf } from "./scenario.mjs";
import { SUBJECTS } from "./subjects.mjs";

const ROOT = join(import.meta.dirname, "../../..");

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

    for (const [key, subject] of Object.entries(SUBJECTS)) {
      for (const fault of subject.inPages) {
        // Side by side: most of their time they wait.
        describe(`${subject.name} and ${fault}`, { concurrency: true }, () => {
          const survives = subject.survives.includes(fault);
          for (const library of Object.keys(CLIENTS)) {
            test(`${library} ${survives ? "goes on" : "does not go on"} after ${fault}`, async (context) => {
              const { endpoints, strike, close } = await startPair(library, fault);
              context.after(close);
              const app = `${key} ${library} ${fault}`;
              context.after(() => ask("end", app));
              await ask("start", app, library, key, endpoints);
              const methods = ["from", "say", "lost"].map((method) => [method, (...given) => ask(method, app, ...given)]);
              await lifeOf(Object.fromEntries(methods), { strike, survives });
            });
          }
        });
      }
    }
  });
}

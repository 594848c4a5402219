// The npm package as a stranger gets it: packed, installed into an empty folder, and put through the tools that people use.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import webpack from "webpack";
import { BROWSERS } from "../browser/browsers.mjs";
import { servePages, startTestbed } from "../browser/servers.mjs";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

describe("packaging", () => {
  let app;
  let testbed;
  let browser;

  before(async () => {
    app = await mkdtemp(join(tmpdir(), "steadfast-packaging-"));
    await cp(join(import.meta.dirname, "app"), app, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", app], { cwd: join(ROOT, "bindings/npm") });
    await run("npm", ["install", "--no-audit", "--no-fund", "--offline", join(app, JSON.parse(stdout)[0].filename)], { cwd: app });
    testbed = await startTestbed();
    await writeFile(join(app, "public/endpoints.json"), JSON.stringify(testbed.endpoints));
    assert.ok(BROWSERS.chromium, "no Chromium; run this by `cargo xtask test`, which sees to one");
    browser = await BROWSERS.chromium();
  });

  after(async () => {
    await browser?.close();
    await testbed?.kill();
    if (app) await rm(app, { recursive: true, force: true });
  });

  /** The page shows which endpoint greeted it. */
  async function isGreeted(url) {
    await browser.goto(url);
    const shown = await browser.run(`
      const end = Date.now() + 20000;
      while (!document.title.startsWith("greeted") && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
      return document.title`);
    assert.equal(shown, "greeted by primary");
  }

  async function servedIsGreeted(folder) {
    const pages = await servePages({ "/": folder });
    try {
      await isGreeted(`${pages.url}/index.html`);
      await isGreeted(`${pages.url}/index.html?full`);
      await isGreeted(`${pages.url}/index.html?socket`);
    } finally {
      pages.close();
    }
  }

  test("vite builds it", async () => {
    await run(join(BIN, "vite"), ["build", "--logLevel", "warn"], { cwd: app });
    assert.equal((await readdir(join(app, "dist/assets"))).filter((file) => file.endsWith(".wasm")).length, 2, "one for each entry");
    await servedIsGreeted(join(app, "dist"));
  });

  test("vite serves it while developing", async () => {
    const port = 7_690;
    const vite = spawn(join(BIN, "vite"), ["--port", String(port), "--strictPort", "--host", "127.0.0.1"], { cwd: app, stdio: "ignore" });
    try {
      for (let tries = 0; tries < 100; tries += 1) {
        if (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await isGreeted(`http://127.0.0.1:${port}/`);
      await isGreeted(`http://127.0.0.1:${port}/?full`);
      await isGreeted(`http://127.0.0.1:${port}/?socket`);
    } finally {
      vite.kill();
    }
  });

  test("webpack builds it", async () => {
    const path = join(app, "webpacked");
    await cp(join(app, "public"), path, { recursive: true });
    await cp(join(app, "index.html"), join(path, "index.html"));
    const stats = await promisify(webpack)({ mode: "production", context: app, entry: "./main.js", output: { path, filename: "main.js" } });
    assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString());
    await servedIsGreeted(path);
  });

  test("TypeScript finds its types, strictly and in both ways of resolving", async () => {
    const strict = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,esnext.disposable", "app.ts"];
    await run(join(BIN, "tsc"), ["--module", "esnext", "--moduleResolution", "bundler", ...strict], { cwd: app });
    await run(join(BIN, "tsc"), ["--module", "node16", "--moduleResolution", "node16", ...strict], { cwd: app });
  });

  test("it can be imported on a server, which starts nothing", async () => {
    for (const entry of ["steadfast", "steadfast/full"]) {
      const { stdout } = await run("node", ["--input-type=module", "-e", `import { Steadfast } from "${entry}"; console.log(typeof Steadfast.start)`], {
        cwd: app,
      });
      assert.equal(stdout.trim(), "function");
    }
    const { stdout } = await run("node", ["--input-type=module", "-e", `import Socket from "steadfast/socket"; console.log(typeof Socket)`], { cwd: app });
    assert.equal(stdout.trim(), "function");
  });
});

// Three browser engines behind one small interface: go to a page, run code in it, take a picture, close.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { Builder, Capabilities } from "selenium-webdriver";
import { freePort } from "./servers.mjs";

/** Where the browsers are, as the set-up found them. */
const { CHROMIUM, FIREFOX, WEBKIT_DRIVER } = process.env;

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How each browser is started, or `undefined` where this machine has none. */
export const BROWSERS = {
  chromium: CHROMIUM && (() => puppeteerBrowser({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS })),
  firefox: FIREFOX && (() => puppeteerBrowser({ browser: "firefox", executablePath: FIREFOX })),
  webkit: WEBKIT_DRIVER && webkitBrowser,
};

async function puppeteerBrowser(options) {
  const browser = await puppeteer.launch({ headless: true, protocolTimeout: 120_000, ...options });
  let page;
  const renew = async () => {
    const old = page;
    page = await browser.newPage();
    await page.setViewport({ width: 1180, height: 900 });
    await old?.close();
  };
  await renew();
  return {
    goto: (url) => page.goto(url),
    /** Runs the text as the body of an async function in the page. */
    run: (body) => page.evaluate(`(async () => { ${body} })()`),
    screenshot: (path) => page.screenshot({ path, fullPage: true }),
    /** The page itself, for what only some engines can do. */
    get page() {
      return page;
    },
    /** Opens another page and closes this one. */
    renew,
    close: () => browser.close(),
  };
}

async function webkitBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "steadfast-webkit-"));
  const started = [];
  const start = (program, args, options) => {
    const child = spawn(program, args, options);
    started.push(child);
    return child;
  };
  const stop = () => {
    for (const child of started) child.kill();
    rmSync(profile, { recursive: true, force: true });
  };
  try {
    return await webkitIn(profile, start, stop);
  } catch (error) {
    // A child that is left running would keep the whole test run from ending.
    stop();
    throw error;
  }
}

async function webkitIn(profile, start, stop) {
  const env = {
    ...process.env,
    DISPLAY: await virtualScreen(start),
    HOME: profile,
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    LIBGL_ALWAYS_SOFTWARE: "1",
  };
  const port = await freePort();
  const driver = start(WEBKIT_DRIVER, [`--port=${port}`], { env, stdio: ["ignore", "ignore", "pipe"] });
  await listening(driver, port);
  const capabilities = new Capabilities({
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] },
  });
  const browser = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
  await browser.manage().setTimeouts({ script: 120_000 });
  return {
    goto: (url) => browser.get(url),
    run: async (body) => {
      const text = `const done = arguments[arguments.length - 1]; (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await browser.executeAsyncScript(text);
      if (error) throw new Error(error);
      return value;
    },
    close: async () => {
      await browser.quit().catch(() => {});
      stop();
    },
  };
}

/** Where Debian and its kin put WebKit's own browser, by processor. */
function miniBrowser() {
  const processor = { x64: "x86_64", arm64: "aarch64" }[process.arch];
  return `/usr/lib/${processor}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
}

/** Starts an X server on a display of its own choice and returns that display's name. */
async function virtualScreen(start) {
  const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const ended = once(screen, "exit").then(([code]) => Promise.reject(new Error(`Xvfb ended with ${code} before it had a display`)));
  const [number] = await Promise.race([once(screen.stdio[3], "data"), ended]);
  return `:${String(number).trim()}`;
}

/** Waits until the driver answers, for at most a minute; a driver that ends says why. */
async function listening(driver, port) {
  let said = "";
  driver.stderr.on("data", (text) => {
    said += text;
  });
  for (const until = Date.now() + 60_000; Date.now() < until; await pause(100)) {
    if (driver.exitCode !== null) throw new Error(`WebKitWebDriver ended with ${driver.exitCode}: ${said}`);
    const answer = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer) return;
  }
  throw new Error(`nothing listens on port ${port} after a minute; WebKitWebDriver said: ${said || "nothing"}`);
}

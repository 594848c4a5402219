// Runs the demo in headless Chromium: causes each fault in turn and prints how long the app was without its socket.
// Usage: node demo.mjs PAGE CONTROL RUNS SCREENSHOT
import { setTimeout as pause } from "node:timers/promises";
import { BROWSERS } from "./browsers.mjs";

const [url, control, runs, screenshot] = [process.argv[2], process.argv[3], Number(process.argv[4]), process.argv[5]];
const FAULTS = ["kill", "hang", "503", "slow"];
/** From check to check of a healthy active endpoint. */
const INTERVAL = 3_000;
const PATIENCE = 60_000;

const text = (selector) => `return document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`;

async function until(page, body, what) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    if (await page.run(body)) return;
    await pause(20);
  }
  throw new Error(`waited ${PATIENCE / 1000} s for ${what}`);
}

/** Seconds from the fault to the greeting of the other endpoint. */
async function failover(page, fault, run) {
  for (const endpoint of ["primary", "secondary"]) {
    const headers = { "content-type": "application/json" };
    await fetch(`${control}/endpoints/${endpoint}/fault`, { method: "POST", headers, body: '"healthy"' });
  }
  await page.goto(`${url}?control=${control}`);
  await until(page, `return document.querySelectorAll('[data-health="healthy"]').length === 2`, "both endpoints to be healthy");
  await until(page, `return document.querySelector("#socket-last").textContent === "primary"`, "the greeting of the primary");
  // Faults strike at any moment between two checks: these moments are sampled evenly, so that the median does not hang on luck.
  const checks = `Number(document.querySelector('[data-endpoint="primary"]').dataset.checks)`;
  const before = await page.run(`return ${checks}`);
  await until(page, `return ${checks} > ${before}`, "a check of the primary");
  await pause(((run + 0.5) / runs) * INTERVAL);
  await page.run(`document.querySelector('[data-fault="primary/${fault}"]').click()`);
  await until(page, `return document.querySelector("#result").textContent !== ""`, `the failover after ${fault}`);
  return Number(await page.run(`return document.querySelector("#result").dataset.seconds`));
}

const page = await BROWSERS.chromium();
try {
  for (const fault of FAULTS) {
    const seconds = [];
    for (let run = 0; run < runs; run += 1) seconds.push(await failover(page, fault, run));
    seconds.sort((a, b) => a - b);
    const median = seconds[Math.floor(seconds.length / 2)];
    const all = seconds.map((value) => value.toFixed(2)).join(" ");
    console.log(`${fault} ${median.toFixed(2)} s${runs > 1 ? `   (median of ${all})` : ""}`);
    if (fault === "503") {
      await pause(3_000);
      await page.screenshot(screenshot);
    }
  }
  console.log(`screenshot ${screenshot}`);
} catch (problem) {
  console.error(`the demo went wrong: ${problem.message}; its banner says: ${await page.run(text("#banner"))}`);
  process.exitCode = 1;
} finally {
  await page.close();
}

// From the fault to the moment at which another endpoint has greeted the app.
import { log } from "./log.js";

export class Stopwatch {
  #running: { fault: string; at: number } | undefined;

  constructor(private readonly shown: HTMLElement) {}

  start(fault: string): void {
    this.#running = { fault, at: performance.now() };
    this.shown.textContent = "";
  }

  arrived(endpoint: string): void {
    if (!this.#running) return;
    const { fault, at } = this.#running;
    this.#running = undefined;
    const seconds = (performance.now() - at) / 1000;
    this.shown.dataset["seconds"] = String(seconds);
    this.shown.textContent = `${fault} ${seconds.toFixed(2)} s`;
    log(`${fault}: on ${endpoint} after ${seconds.toFixed(2)} s`, "good");
  }
}

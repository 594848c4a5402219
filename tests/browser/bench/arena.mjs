// One run of the measurement, in Node or in a page: all contenders at once, at both paces, meet with the same fault at the same moment.
import { CONTENDERS, PACES } from "./contenders.mjs";

/** From one message to the next on a busy connection, in milliseconds. */
const EVERY = 1_000;

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

export class Arena {
  #platform;
  #contenders = [];
  #talking = [];
  /** When the primary was last checked, at each pace. */
  #checked = { quiet: Number.NaN, busy: Number.NaN };
  #struck;

  /** `platform` is what a page has as globals: `WebSocket` and `Steadfast`. */
  constructor(platform) {
    this.#platform = platform;
  }

  /** Starts all of them, and waits until they have heard from the primary and know both servers, as far as they know anything. */
  async start(endpoints) {
    for (const pace of PACES) {
      for (const [name, open] of Object.entries(CONTENDERS)) await this.#enter(name, pace, open, endpoints);
    }
    while (!this.#contenders.every(({ greeted, held }) => greeted && held.settled())) await pause(10);
  }

  async #enter(name, pace, open, endpoints) {
    const contender = { name, pace, greeted: false, millis: null };
    this.#contenders.push(contender);
    const heard = (data) => {
      if (data === "primary") contender.greeted = true;
      // An echo would do as well; the greeting comes first.
      if (data === "secondary" && this.#struck !== undefined) contender.millis ??= performance.now() - this.#struck;
    };
    const checked = (endpoint) => {
      if (endpoint === "primary") this.#checked[pace] = performance.now();
    };
    contender.held = await open(endpoints, { ...this.#platform, heard, checked });
    if (pace === "busy") this.#talking.push(setInterval(() => contender.held.send("a message"), EVERY));
  }

  /** Makes the primary misbehave once its last check is so many milliseconds ago: at the busy pace about, at the quiet one to the millisecond. */
  async strike(control, fault, ago) {
    // A connection is known to be busy after a few messages.
    await pause(5 * EVERY);
    while (performance.now() - this.#checked.busy < ago.busy) await pause(5);
    const before = this.#checked.quiet;
    while (this.#checked.quiet === before) await pause(5);
    await pause(ago.quiet);
    this.#struck = performance.now();
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`${control}/endpoints/primary/fault`, { method: "POST", headers, body: JSON.stringify(fault) });
    if (status !== 204) throw new Error(`the testbed refused the fault: ${status}`);
  }

  /** How long each was without a server, in milliseconds: `null` as long as it has heard of none. */
  results() {
    return this.#contenders.map(({ name, pace, millis }) => ({ name, pace, millis }));
  }

  end() {
    for (const timer of this.#talking) clearInterval(timer);
    for (const { held } of this.#contenders) held?.close();
  }
}

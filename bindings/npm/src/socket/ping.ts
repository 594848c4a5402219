// Whether a connection on which nothing arrives is alive.
import { surface } from "../surface.js";
import type { Leg } from "./legs.js";
import type { Sendable } from "./queue.js";

/** How a silent connection is asked for a sign of life, in the words of the app's own protocol. */
export interface PingOptions {
  /** What is sent. */
  message: Sendable | (() => Sendable);
  /** It is sent when nothing has arrived for so many milliseconds. */
  every: number;
  /** Within so many milliseconds something must arrive. If not, that is evidence against the endpoint, and the connection is replaced. */
  within: number;
  /** Recognises the answer: then nothing else will do. The answer is not delivered to the app. */
  isAnswer?: ((data: unknown) => boolean) | undefined;
}

/** A timer that is later than this, in milliseconds, has slept: what should have arrived meanwhile may still wait. */
const SLEPT = 1_000;

/** The longest time that a timer takes, in milliseconds. */
const LONGEST = 0x7fffffff;

/** How many of the bytes that were handed to a leg have left. */
const left = ({ handed, socket }: Leg): number => handed - (socket?.bufferedAmount ?? 0);

export class Ping {
  readonly #options: PingOptions;
  readonly #send: (leg: Leg, ping: Sendable) => unknown;
  readonly #silent: (leg: Leg) => unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #answered = false;

  /** `silent` is called when no sign of life has arrived in time. */
  constructor(options: PingOptions, send: (leg: Leg, ping: Sendable) => unknown, silent: (leg: Leg) => unknown) {
    for (const name of ["every", "within"] as const) {
      const time = options[name];
      if (!(time >= 1 && time <= LONGEST)) throw new RangeError(`steadfast: ping.${name} is a number of milliseconds from 1 to ${LONGEST}, not ${time}`);
    }
    if (options.message === undefined) throw new TypeError("steadfast: ping.message is what is sent");
    this.#options = options;
    this.#send = send;
    this.#silent = silent;
  }

  /** Watches this leg from now on, and none before it. */
  follow(leg?: Leg): void {
    clearTimeout(this.#timer);
    if (leg) this.#wait(leg);
  }

  /** Whether this is an answer, which is none of the app's. */
  isAnswer(data: unknown): boolean {
    try {
      if (!this.#options.isAnswer?.(data)) return false;
    } catch (problem) {
      surface(problem);
      return false;
    }
    this.#answered = true;
    return true;
  }

  #wait(leg: Leg): void {
    const { every } = this.#options;
    const rest = leg.heard + every - performance.now();
    if (rest > 0) {
      this.#timer = setTimeout(() => this.#wait(leg), rest);
      return;
    }
    this.#answered = false;
    try {
      const message = this.#message;
      if (leg.socket?.readyState === 1) this.#send(leg, message);
    } catch (problem) {
      // A mistake of the app's. That nothing arrives counts all the same.
      surface(problem);
    }
    this.#expect(leg, performance.now(), leg.handed);
  }

  /** Expects an answer to what was `sent`, which has left once so many bytes have. */
  #expect(leg: Leg, sent: number, end: number): void {
    const { within, isAnswer } = this.#options;
    const since = performance.now();
    const before = left(leg);
    this.#timer = setTimeout(() => {
      const heard = isAnswer ? this.#answered : leg.heard >= sent;
      // It, or what is ahead of it, has moved on: it may have left only just now.
      if (!heard && before < end && left(leg) > before) return this.#expect(leg, sent, end);
      if (!heard && performance.now() - since < within + SLEPT) this.#silent(leg);
      this.#wait(leg);
    }, within);
  }

  get #message(): Sendable {
    const { message } = this.#options;
    return typeof message === "function" ? message() : message;
  }
}

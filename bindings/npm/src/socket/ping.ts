// Whether a connection on which nothing arrives is alive.
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

/** How many bytes wait to be sent over a leg. */
const waiting = ({ socket }: Leg): number => socket?.bufferedAmount ?? 0;

export class Ping {
  readonly #options: PingOptions;
  readonly #send: (leg: Leg, ping: Sendable) => unknown;
  readonly #silent: (leg: Leg) => unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #answered = false;

  /** `silent` is called when no sign of life has arrived in time. */
  constructor(options: PingOptions, send: (leg: Leg, ping: Sendable) => unknown, silent: (leg: Leg) => unknown) {
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
    if (!this.#options.isAnswer?.(data)) return false;
    this.#answered = true;
    return true;
  }

  #wait(leg: Leg): void {
    const { every } = this.#options;
    const left = leg.heard + every - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#wait(leg), left);
      return;
    }
    const message = this.#message;
    const ahead = waiting(leg);
    this.#answered = false;
    if (leg.socket?.readyState === 1) this.#send(leg, message);
    this.#expect(leg, performance.now(), ahead);
  }

  /** Expects an answer to what was `sent` behind so many bytes. */
  #expect(leg: Leg, sent: number, ahead: number): void {
    const { within, isAnswer } = this.#options;
    const since = performance.now();
    this.#timer = setTimeout(() => {
      const heard = isAnswer ? this.#answered : leg.heard >= sent;
      const rest = waiting(leg);
      // What is ahead of it moves on: it may have left only just now.
      if (!heard && rest < ahead) return this.#expect(leg, sent, rest);
      if (!heard && performance.now() - since < within + SLEPT) this.#silent(leg);
      this.#wait(leg);
    }, within);
  }

  get #message(): Sendable {
    const { message } = this.#options;
    return typeof message === "function" ? message() : message;
  }
}

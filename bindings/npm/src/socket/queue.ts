// What waits for a connection: messages in their order, no more than may be kept.
import { bytesOf, refuse } from "./rules.js";

/** What can be sent over a socket. */
export type Sendable = string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBufferLike>;

/** What becomes of a message that there is no room for: it is lost, what has waited longest makes room, or `send` throws a QuotaExceededError. */
export type WhenFull = "dropNewest" | "dropOldest" | "throw";

/** How much may wait for a connection. */
export interface QueueOptions {
  /** How many messages; by default any number. */
  maxEnqueuedMessages?: number | undefined;
  /** How many bytes; by default 16 MiB. */
  maxEnqueuedBytes?: number | undefined;
  /** What becomes of a message that there is no room for; by default it is lost (`dropNewest`). The event `queue` tells of it. */
  whenFull?: WhenFull | undefined;
}

interface Waiting {
  readonly data: Sendable;
  readonly bytes: number;
}

const MOST_BYTES = 16 * 1024 * 1024;

/** The message as it is now: the app may go on to change its buffer. What is none of the kinds that can be sent is sent as text. */
function kept(data: Sendable): Waiting {
  if (data instanceof Blob) return { data, bytes: data.size };
  if (ArrayBuffer.isView(data)) {
    const copy = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    return { data: copy, bytes: copy.length };
  }
  // Also one of another realm, as in a frame or a test.
  if (Object.prototype.toString.call(data) === "[object ArrayBuffer]") {
    const copy = (data as ArrayBuffer).slice(0);
    return { data: copy, bytes: copy.byteLength };
  }
  const text = `${data}`;
  return { data: text, bytes: bytesOf(text) };
}

export class Queue {
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #whenFull: WhenFull;
  #waiting: Waiting[] = [];
  /** How many bytes wait. */
  bytes = 0;

  constructor({ maxEnqueuedMessages = Number.POSITIVE_INFINITY, maxEnqueuedBytes = MOST_BYTES, whenFull = "dropNewest" }: QueueOptions) {
    if (!(maxEnqueuedMessages >= 0 && maxEnqueuedBytes >= 0)) throw new RangeError("steadfast: maxEnqueuedMessages and maxEnqueuedBytes are numbers from 0");
    this.#most = maxEnqueuedMessages;
    this.#mostBytes = maxEnqueuedBytes;
    this.#whenFull = whenFull;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Lets a message wait. Returns how many were lost by that. */
  add(data: Sendable): number {
    const message = kept(data);
    const fits = () => this.length < this.#most && this.bytes + message.bytes <= this.#mostBytes;
    let lost = 0;
    if (!fits()) {
      if (this.#whenFull === "throw") refuse("QuotaExceededError", `${this.length} messages wait already`);
      // For one that has no room in an empty queue either, nothing else is given up.
      if (this.#whenFull !== "dropOldest" || this.#most < 1 || message.bytes > this.#mostBytes) return 1;
      while (!fits()) {
        this.#take();
        lost += 1;
      }
    }
    this.#waiting.push(message);
    this.bytes += message.bytes;
    return lost;
  }

  /** Hands the messages over in their order, for as long as `send` takes them. It never throws. */
  flush(send: (data: Sendable) => boolean): void {
    let sent = 0;
    for (const { data, bytes } of this.#waiting) {
      if (!send(data)) break;
      sent += 1;
      this.bytes -= bytes;
    }
    this.#waiting.splice(0, sent);
  }

  /** Hands the messages back. */
  drain(): Sendable[] {
    this.bytes = 0;
    return this.#waiting.splice(0).map(({ data }) => data);
  }

  #take(): void {
    this.bytes -= this.#waiting.shift()?.bytes ?? 0;
  }
}

// What is beneath a socket that stands alone: one bare WebSocket at first, opened at once, and a link as soon as that is there, which takes it over.
import type { AnyLink, Driver, LegMessage, WebSocketClass } from "../socket/driver.js";
import { type Legs, noWebSocket, type Path, RENEWED_WITHIN } from "../socket/legs.js";
import type { Route } from "../socket/rules.js";
import type { Part } from "./engine.js";
import type { StandaloneOptions } from "./options.js";
import type { Early } from "./take-over.js";
import { urlsOf } from "./urls.js";

/** The number of the leg that no engine has asked for. Engines count from 0. */
const EARLY = -1;

/** Where a socket leads whose function has never answered: nowhere, but the engine has it asked again. */
const UNKNOWN = ["ws://unknown.invalid/"];

/** Stands for the class where there is none. */
class NoWebSocket {
  constructor() {
    throw noWebSocket();
  }
}

let complained = false;

export class Standalone implements Driver {
  readonly connect = "";
  readonly webSocket = globalThis.WebSocket ?? (NoWebSocket as unknown as WebSocketClass);
  /** What is asked for URLs, if they are not given once and for all. */
  readonly provider: (() => unknown) | undefined;
  /** What the function has just answered, while the link opens anew what that was the answer for. */
  given: unknown;
  readonly #options: StandaloneOptions;
  #urls: string[] | undefined;
  #legs: Legs | undefined;
  #early: Early = {};
  #joining: Promise<unknown> | undefined;
  #part: Part | undefined;

  /** @throws a SyntaxError if a URL is wrong. */
  constructor(urls: unknown, options: StandaloneOptions) {
    this.#options = options;
    if (typeof urls === "function") this.provider = () => this.given ?? urls();
    else if (urls && (typeof urls === "object" || typeof urls === "string")) this.#urls = urlsOf(urls);
    // Anything else becomes an `error` event, like a function that answers no URL; the other libraries do the same.
    else this.provider = () => urls;
  }

  get link(): AnyLink | null {
    return (this.#part?.link as AnyLink | undefined) ?? null;
  }

  route(path: Path): Route {
    const urls = this.provider ? urlsOf(path) : (this.#urls as string[]);
    if (this.provider) this.#know(urls);
    return (place) => (place || this.#legs ? (urls[Number(place) - 1] ?? (urls[0] as string)) : "");
  }

  hold(legs: Legs): void {
    this.#legs = legs;
    const early: Early = {};
    this.#early = early;
    early.leg = legs.open(EARLY, "1", "1");
    if (!this.provider) this.#join(this.#urls as string[]);
  }

  release(): void {
    if (this.#legs) this.#part?.link.sockets.release(this.#legs);
    this.#part?.end();
    this.#legs = this.#joining = this.#part = undefined;
  }

  reconnect(legs: Legs): void {
    const early = this.#early;
    if (early.taken) {
      this.#part?.link.sockets.reconnect(legs);
      return;
    }
    // One that is opening is as new as another one would be.
    early.again = early.opened ?? false;
    if (!this.#joining) this.#join(this.#urls ?? UNKNOWN);
    // An engine that is long in coming leaves the app the connection that it has.
    setTimeout(() => early.taken || legs.owner.stays?.(), RENEWED_WITHIN);
  }

  tell(message: LegMessage): void {
    const early = this.#early;
    if (message.id !== EARLY) this.#part?.link.sockets.tell(message);
    else if (message.message === "opened") {
      early.opened = true;
      this.#legs?.promote(EARLY);
    } else if (message.message === "awaitsApp") {
      // Only an engine limits how long the function may take.
      setTimeout(() => early === this.#early && this.#legs && !this.#joining && this.#join(UNKNOWN), RENEWED_WITHIN);
    } else if (message.message === "closed") {
      early.closed = message;
      if (!this.#joining) this.#join(UNKNOWN);
    }
  }

  /** The app's function has answered. */
  #know(urls: string[]): void {
    this.#urls = urls;
    if (this.#joining) this.#part?.lead(urls, this);
    else this.#join(urls);
  }

  /** Sees to a link to these URLs. */
  async #join(urls: string[]): Promise<void> {
    const legs = this.#legs as Legs;
    const loading = import("./engine.js");
    this.#joining = loading;
    const isOurs = () => this.#joining === loading;
    try {
      const { join, takeOver } = await loading.catch((cause) => {
        throw new Error("steadfast: engine.js could not be loaded; bundler, Content-Security-Policy or network keep it away.", { cause });
      });
      const part = await join(urls, this.#options, this.provider !== undefined);
      if (!isOurs()) return part.end();
      this.#part = part;
      // The function may have answered meanwhile.
      if (this.#urls) part.lead(this.#urls, this);
      const tell = (message: LegMessage) => isOurs() && this.tell(message);
      part.link.sockets.hold(
        legs,
        takeOver(legs, this.#early, tell, () => isOurs() && this.reconnect(legs)),
      );
    } catch (error) {
      if (isOurs()) this.#abandon(error as Error, legs);
    }
  }

  /** There will be no link: the leg that is there is the last. */
  #abandon(cause: Error, legs: Legs): void {
    this.#joining = undefined;
    const error = new Error(`${cause.message} Until then the connection is not replaced.`, { cause });
    if (!complained) console.error(error);
    complained = true;
    legs.owner.abandoned?.(error, this.#early.closed !== undefined);
  }
}

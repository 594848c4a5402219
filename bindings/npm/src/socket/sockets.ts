// The sockets that a link holds: what the engine says of a leg goes to the socket that it is of.
import type { Core } from "../core.js";
import type { LinkEvents } from "../events.js";
import type { Event as CoreEvent } from "../generated/types/index.js";
import type { AnyLink, Driver, LegMessage, WebSocketClass } from "./driver.js";
import type { Legs, Path } from "./legs.js";
import { oneLife } from "./one-life.js";
import { type Route, routeOf } from "./rules.js";
import { Spares } from "./spares.js";

/** What a link knows of a socket that it holds. */
export type HeldLegs = Pick<Legs, "number" | "owner" | "look" | "promote" | "disconnect"> & {
  open(id: number, endpoint: string, connect: string): unknown;
};

export class LinkSockets implements Driver {
  readonly link: AnyLink;
  readonly webSocket: WebSocketClass | undefined;
  readonly #core: Core;
  /** The class of those that live once. */
  readonly oneLife = oneLife(this, new Spares());
  readonly #held = new Map<number, HeldLegs>();
  /** Whose each leg is. */
  readonly #owners = new Map<number, HeldLegs>();
  #moved: LinkEvents["switch"] | undefined;
  #numbers = 0;
  #stopped = false;

  constructor(link: AnyLink, core: Core, webSocket: WebSocketClass | undefined) {
    this.link = link;
    this.webSocket = webSocket;
    this.#core = core;
  }

  get connect(): string {
    return this.link.active.connect;
  }

  route(path: Path): Route {
    return routeOf(path, [this.connect, ...this.link.state.endpoints.map(({ connect }) => connect)]);
  }

  reason(endpoint: string): LinkEvents["switch"]["reason"] | null {
    return this.#moved?.to === endpoint ? this.#moved.reason : null;
  }

  /** @throws if the link has been stopped. */
  hold(legs: HeldLegs): void {
    if (this.#stopped) throw new Error("steadfast: the link has been stopped");
    legs.number = this.#numbers;
    this.#numbers += 1;
    this.#held.set(legs.number, legs);
    this.#core.send({ message: "connect", socket: legs.number });
  }

  release({ number }: HeldLegs): void {
    if (this.#held.delete(number)) this.#core.send({ message: "disconnect", socket: number });
  }

  reconnect({ number }: HeldLegs): void {
    this.#core.send({ message: "reconnect", socket: number });
  }

  tell(message: LegMessage): void {
    if (message.message === "closed") this.#owners.delete(message.id);
    this.#core.send(message);
  }

  /** The engine has a leg opened. */
  open(id: number, socket: number, endpoint: string, url: string): void {
    // The app may have closed the socket since.
    const legs = this.#held.get(socket);
    if (!legs) return;
    this.#owners.set(id, legs);
    legs.open(id, endpoint, url);
  }

  /** The engine lets a leg take over. */
  promote(id: number): void {
    this.#owners.get(id)?.promote(id);
  }

  /** The engine has a leg closed. */
  disconnect(id: number, reason: string): void {
    const legs = this.#owners.get(id);
    this.#owners.delete(id);
    legs?.disconnect(id, reason);
  }

  /** Something has happened that sockets go by. */
  heed(event: CoreEvent): void {
    if (event.event === "switched") this.#moved = event;
    for (const legs of [...this.#held.values()]) {
      if (event.event === "check") {
        legs.look();
        if (event.failure === null) legs.owner.passed?.(event.endpoint);
      }
      if (event.event === "allDown" || event.event === "offline") legs.owner.unavailable?.();
    }
  }

  /** Closes every socket, and holds no more. */
  stop(): void {
    this.#stopped = true;
    for (const legs of [...this.#held.values()]) legs.owner.stopped();
  }
}

// The sockets that a link holds: what the engine says of a leg goes to the socket that it is of.
import type { Core } from "../core.js";
import type { LinkEvents } from "../events.js";
import type { Event as CoreEvent } from "../generated/types/index.js";
import type { EndpointState } from "../steadfast.js";
import type { AnyLink, Driver, LegMessage, WebSocketClass } from "./driver.js";
import { letStop } from "./hook.js";
import { leave } from "./leave.js";
import { type Leg, type Legs, type Path, RENEWED_WITHIN } from "./legs.js";
import { oneLife } from "./one-life.js";
import { Ping, type PingOptions } from "./ping.js";
import { type Route, routeOf } from "./rules.js";
import { Spares } from "./spares.js";

/** How legs are opened, take over and are closed: as they do it themselves, unless some were there before the link. */
export type Way = Pick<Legs, "promote" | "disconnect"> & {
  open(id: number, endpoint: string, connect: string): unknown;
};

/** A socket that a link holds. */
interface Held {
  readonly legs: Legs;
  readonly way: Way;
}

/** The reasons of a move that speak against the endpoint that it leads away from. */
const FAILURES: readonly LinkEvents["switch"]["reason"][] = ["unhealthy", "unconnectable"];

export class LinkSockets implements Driver {
  readonly link: AnyLink;
  readonly webSocket: WebSocketClass | undefined;
  readonly #core: Core;
  /** The class of those that live once. */
  readonly oneLife = oneLife(this, new Spares());
  readonly #held = new Map<number, Held>();
  /** Whose each leg is. */
  readonly #owners = new Map<number, Held>();
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

  /** Why the app was last moved to this endpoint, if that is known. */
  reason(endpoint: string): LinkEvents["switch"]["reason"] | null {
    return this.#moved?.to === endpoint ? this.#moved.reason : null;
  }

  /** Whether a socket that an endpoint refuses hears of it at once: nobody is well, or another socket is served there, and no check is going to tell. */
  isFinal(endpoint: string): boolean {
    const serves = ({ legs: { current } }: Held) => current?.endpoint === endpoint && current.socket?.readyState === 1;
    return this.isDown || (!this.#isChecked(endpoint) && [...this.#held.values()].some(serves));
  }

  /** Whether the app's network is down, or no endpoint is healthy. */
  get isDown(): boolean {
    const { state } = this.link.state;
    return state === "allDown" || state === "offline";
  }

  /** Sees whether legs are alive. */
  ping(options: PingOptions): Ping {
    return new Ping(
      options,
      (leg, ping) => this.#owners.get(leg.id)?.legs.send(leg, ping),
      ({ id }) => this.#owners.has(id) && this.tell({ message: "silent", id }),
    );
  }

  /** Resolves when the app has prepared a leg. */
  prepared(leg: Leg, work: readonly PromiseLike<unknown>[]): Promise<unknown> {
    letStop(leg);
    return Promise.all(work);
  }

  #known(endpoint: string): EndpointState | undefined {
    return this.link.state.endpoints.find(({ name }) => name === endpoint);
  }

  /** Whether a check of it has passed. */
  #isChecked(endpoint: string): boolean {
    return typeof this.#known(endpoint)?.rttMs === "number";
  }

  /** @throws if the link has been stopped. */
  hold(legs: Legs, way: Way = legs): void {
    if (this.#stopped) throw new Error("steadfast: the link has been stopped");
    legs.number = this.#numbers;
    this.#numbers += 1;
    this.#held.set(legs.number, { legs, way });
    legs.owner.linked?.();
    this.#core.send({ message: "connect", socket: legs.number });
  }

  release({ number }: Legs): void {
    if (this.#held.delete(number)) this.#core.send({ message: "disconnect", socket: number });
  }

  reconnect(legs: Legs): void {
    this.#core.send({ message: "reconnect", socket: legs.number });
    setTimeout(() => this.#settle(legs), RENEWED_WITHIN);
  }

  tell(message: LegMessage): void {
    if (message.message === "closed") this.#lose(message.id);
    this.#core.send(message);
  }

  /** A leg is no more. Returns whose it was. */
  #lose(id: number): Held | undefined {
    const held = this.#owners.get(id);
    this.#owners.delete(id);
    // The engine may be about to open another one.
    if (held) queueMicrotask(() => this.#settle(held.legs));
    return held;
  }

  /** Has a socket make do with the leg that it has, if no other one is being opened. One that is open already, and does not take over, has to show that it lasts. */
  #settle(legs: Legs): void {
    const { current } = legs;
    const comes = (leg: Leg) => leg !== current && (leg.awaits || leg.socket?.readyState !== 1);
    if (current && !legs.waits && ![...legs.all.values()].some(comes)) legs.owner.stays?.();
  }

  /** The engine has a leg opened. */
  open(id: number, socket: number, endpoint: string, url: string): void {
    // The app may have closed the socket since.
    const held = this.#held.get(socket);
    if (!held) return;
    this.#owners.set(id, held);
    held.way.open(id, endpoint, url);
  }

  /** The engine lets a leg take over. */
  promote(id: number): void {
    const held = this.#owners.get(id);
    if (!held) return;
    const { legs, way } = held;
    const { current: before, farewell } = legs;
    // What the app has not noticed yet it does not see go, either.
    if (before && before.id !== id && !legs.waits) {
      legs.deliver(before);
      const leg = legs.all.get(id);
      // To the same endpoint, unless the app has asked for it, another leg leads only if this one seems dead.
      const isAlive = () => (farewell || before.endpoint !== leg?.endpoint) && !this.#isUnhealthy(before.endpoint);
      if (leg && legs.owner.leaving?.(leg)) leave(legs, before, leg.endpoint, isAlive);
    }
    way.promote(id);
  }

  /** Whether an endpoint is in no state to say anything: its checks show that, or the app was moved away for a failure. */
  #isUnhealthy(endpoint: string): boolean {
    const isLeft = this.#moved?.from === endpoint && FAILURES.includes(this.#moved.reason);
    return isLeft || this.#known(endpoint)?.health === "unhealthy";
  }

  /** The engine has a leg closed. */
  disconnect(id: number, reason: string): void {
    this.#lose(id)?.way.disconnect(id, reason);
  }

  /** Something has happened that sockets go by. */
  heed(event: CoreEvent): void {
    if (event.event === "switched") this.#moved = event;
    for (const { legs } of [...this.#held.values()]) {
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
    for (const { legs } of [...this.#held.values()]) legs.owner.stopped();
  }
}

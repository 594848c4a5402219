import type { LinkEvents, Listening } from "../events.js";
import type { Message } from "../generated/types/index.js";
import type { Link } from "../link.js";
import type { Snapshot } from "../steadfast.js";
import type { Legs, Path } from "./legs.js";
import type { Route } from "./rules.js";

/** A class with the interface of the platform's `WebSocket`. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket;

/** What is reported of a leg. */
export type LegMessage = Extract<Message, { message: "awaitsApp" | "begun" | "opened" | "closed" | "received" | "sent" | "silent" }>;

/** A link, whichever entry it is of. */
export type AnyLink = Omit<Link<Snapshot>, keyof EventTarget> & Listening<LinkEvents>;

/** What is beneath sockets: it says when and where a leg is opened and which one takes over, and hears what becomes of each. A link is one. */
export interface Driver {
  /** The link; `null` until there is one. */
  readonly link: AnyLink | null;
  /** The class of the legs, unless a socket has its own. */
  readonly webSocket: WebSocketClass | undefined;
  /** The `connect` URL of the endpoint that the app should be connected to. */
  readonly connect: string;
  /** Reads a path, or a URL. */
  route(path: Path): Route;
  /** Has legs opened from now on. */
  hold(legs: Legs): void;
  /** Has no more legs opened. What was open has been closed. */
  release(legs: Legs): void;
  /** Has the open leg replaced. */
  reconnect(legs: Legs): void;
  /** Hears what becomes of a leg. */
  tell(message: LegMessage): void;
}

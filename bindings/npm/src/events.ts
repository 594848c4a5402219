import type { Event as CoreEvent, Snapshot } from "./generated/types/index.js";

type Of<Name extends CoreEvent["event"]> = Extract<CoreEvent, { event: Name }>;

/** What each event tells, in its `detail`. */
export interface LinkEvents {
  /** Another endpoint is the active one. */
  switch: Of<"switched">;
  /** No endpoint is healthy, though the network is up. Steadfast goes on trying. */
  alldown: Of<"allDown">;
  /** Our own network is down; no server is blamed. */
  offline: Of<"offline">;
  /** Our own network is back. */
  online: Of<"online">;
  /** A check has ended. */
  check: Of<"check">;
  /** An endpoint's circuit breaker has changed its mind about the app's own requests. */
  breaker: Of<"breaker">;
  /** Something that {@link Snapshot} shows has changed. */
  state: Snapshot;
}

/** An event of a link. */
export type LinkEvent<Name extends keyof LinkEvents> = CustomEvent<LinkEvents[Name]>;

/** The events of a link by name, as `addEventListener` knows them. */
export type LinkEventMap = { [Name in keyof LinkEvents]: LinkEvent<Name> };

type Listener<Name extends keyof LinkEventMap> = (event: LinkEventMap[Name]) => unknown;

/** An EventTarget that knows the events of a link; at run time it is EventTarget itself. */
export const TypedEventTarget = EventTarget as unknown as {
  new (): Omit<EventTarget, "addEventListener" | "removeEventListener"> & {
    /** Calls `listener` with every event of that name. */
    addEventListener<Name extends keyof LinkEventMap>(type: Name, listener: Listener<Name>, options?: boolean | AddEventListenerOptions): void;
    /** Ends what {@link addEventListener} began. */
    removeEventListener<Name extends keyof LinkEventMap>(type: Name, listener: Listener<Name>, options?: boolean | EventListenerOptions): void;
  };
};

/** Under which name an event of the core is told; those that are missing show in `state` alone. */
export const NAMES: { readonly [Name in CoreEvent["event"]]?: keyof LinkEvents } = {
  switched: "switch",
  allDown: "alldown",
  offline: "offline",
  online: "online",
  check: "check",
  breaker: "breaker",
};

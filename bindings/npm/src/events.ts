import type { Event as CoreEvent, Snapshot } from "./generated/types/index.js";
import type { Snapshot as SmallSnapshot } from "./steadfast.js";

type Of<Name extends CoreEvent["event"]> = Extract<CoreEvent, { event: Name }>;

/** What each event tells, in its `detail`. */
export interface LinkEvents {
  /** Another endpoint is the active one. A connection follows: what is sent before `connected` goes to the one before. */
  switch: Of<"switched">;
  /** No endpoint is healthy, though the network is up. Steadfast goes on trying. */
  alldown: Of<"allDown">;
  /** After `alldown`, an endpoint is healthy again. */
  recovered: Of<"recovered">;
  /** Our own network is down; no server is blamed. */
  offline: Of<"offline">;
  /** Our own network is back. */
  online: Of<"online">;
  /** A check has ended. */
  check: Of<"check">;
  /** An endpoint's health has changed. */
  health: Of<"health">;
  /** The connection to an endpoint is open, and messages go there from now on. */
  connected: Of<"connected">;
  /** The connection has closed, or could not be opened; Steadfast is already seeing to another. */
  disconnected: Of<"disconnected">;
  /** Something that `link.state` shows has changed. */
  state: SmallSnapshot;
}

/** What the events of a link of `steadfast/full` tell. */
export interface FullEvents extends Omit<LinkEvents, "state"> {
  /** An endpoint's circuit breaker has changed its mind about the app's own requests. */
  breaker: Of<"breaker">;
  /** Something is wrong with an endpoint, in the terms of those who run it. */
  failure: Of<"failure">;
  /** Something is or was done about a failure. */
  recovery: Of<"recovery">;
  /** Something that `link.state` shows has changed. */
  state: Snapshot;
}

/** Listening to events that tell this. */
export interface Listening<Told> {
  /** Calls `listener` with every event of that name. */
  addEventListener<Name extends keyof Told>(
    type: Name,
    listener: (event: CustomEvent<Told[Name]>) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Ends what `addEventListener` began. */
  removeEventListener<Name extends keyof Told>(
    type: Name,
    listener: (event: CustomEvent<Told[Name]>) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** An EventTarget whose events are told by the class that extends it; at run time it is EventTarget itself. */
export const TypedEventTarget = EventTarget as unknown as { new (): Omit<EventTarget, keyof Listening<unknown>> };

/** Under which name an event of the core is told; those that are missing show in `state` alone. */
export const NAMES: { readonly [Name in CoreEvent["event"]]?: keyof FullEvents } = {
  switched: "switch",
  allDown: "alldown",
  recovered: "recovered",
  offline: "offline",
  online: "online",
  check: "check",
  health: "health",
  connected: "connected",
  disconnected: "disconnected",
  breaker: "breaker",
  failure: "failure",
  recovery: "recovery",
};

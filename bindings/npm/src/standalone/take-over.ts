// How a link comes by the leg that was opened before there was one.
import type { LegMessage } from "../socket/driver.js";
import type { Leg, Legs } from "../socket/legs.js";
import type { Way } from "../socket/sockets.js";

/** The leg that was opened before there was an engine. */
export interface Early {
  leg?: Leg;
  opened?: boolean;
  /** What is to be reported of its end. */
  closed?: LegMessage;
  /** The app wants another one in its place. */
  again?: boolean;
  /** The engine knows of it, or has another one. */
  taken?: boolean;
}

/**
 * How a link handles the socket's legs, of which one may be there already.
 *
 * @param tell reports what has become of that.
 * @param reconnect has it replaced.
 */
export function takeOver(legs: Legs, early: Early, tell: (message: LegMessage) => void, reconnect: () => void): Way {
  /** That leg, while it serves and leads elsewhere. */
  let elsewhere: number | undefined;
  const open = (id: number, endpoint: string): void => {
    const { leg, opened, closed, again, taken } = early;
    early.taken = true;
    if (!leg || taken || leg.endpoint !== endpoint) {
      if (leg && !taken && !opened) legs.disconnect(leg.id, "replaced");
      else if (!taken) elsewhere = leg?.id;
      legs.open(id, endpoint, endpoint);
      return;
    }
    if (!closed) {
      legs.all.delete(leg.id);
      leg.id = id;
      legs.all.set(id, leg);
    }
    // The engine hears of it when it is done with what it is at.
    queueMicrotask(() => {
      if (closed) tell({ ...closed, id });
      else if (opened) tell({ message: "opened", id });
      else if (!leg.socket) tell({ message: "awaitsApp", id });
      if (again) reconnect();
    });
  };
  return {
    open,
    promote(id) {
      if (legs.current?.id !== id) legs.promote(id);
      if (elsewhere !== undefined) legs.disconnect(elsewhere, "replaced");
      elsewhere = undefined;
    },
    disconnect: (id, reason) => legs.disconnect(id, reason),
  };
}

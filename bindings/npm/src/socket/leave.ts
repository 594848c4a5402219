// How the app notices that another leg has taken over. The old one is closed and has its say, then comes `close`, and then all that is of the new one.
import { CLOSE_WITHIN, type Leg, type Legs } from "./legs.js";

/** A leg on which something was heard so lately, in milliseconds, is waited for whatever is known of its server. */
const LATELY = 1_000;

/** Closes the leg that messages went over, for one to `endpoint`. It is not waited for if it has been silent and nothing speaks for its being alive. */
export function leave(legs: Legs, before: Leg, endpoint: string, isAlive: () => unknown): void {
  const { farewell } = legs;
  const socket = before.socket as WebSocket;
  const waits: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The app may close the socket in any of its listeners.
  const goesOn = () => legs.waits === waits;
  const left = () => {
    clearTimeout(timer);
    if (!goesOn()) return;
    socket.onmessage = null;
    legs.owner.left?.(before, endpoint, farewell);
    while (goesOn() && waits.length) waits.shift()?.();
    if (goesOn()) legs.waits = undefined;
  };
  legs.waits = waits;
  legs.replace(before, socket, left);
  // By then the engine has said why.
  queueMicrotask(() => {
    if (!goesOn()) return;
    if (isAlive() || performance.now() - before.heard < LATELY) timer = setTimeout(left, CLOSE_WITHIN);
    else left();
  });
}

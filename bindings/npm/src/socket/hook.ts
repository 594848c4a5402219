// How the app prepares a leg before it takes over.
import type { Leg } from "./legs.js";

/** Has a message that arrives meanwhile taken out of what is kept if a listener of the hook's stops it: then it was for that. */
export function letStop(leg: Leg): void {
  leg.keeping = (event) => {
    event.stopImmediatePropagation = () => {
      const index = leg.kept?.indexOf(event) ?? -1;
      if (index >= 0) leg.kept?.splice(index, 1);
      Event.prototype.stopImmediatePropagation.call(event);
    };
  };
}

// The classes that are put through the tests of this folder.
import PartySocket, { CloseEvent, ErrorEvent } from "partysocket/ws";
import ReconnectingWebSocket from "reconnecting-websocket";
import SteadfastSocket, { CloseEvent as SteadfastCloseEvent, ErrorEvent as SteadfastErrorEvent } from "steadfast/socket";

export const SUBJECTS = [
  {
    name: "reconnecting-websocket 4.4",
    Socket: ReconnectingWebSocket,
    /** Which library's tests it passes. */
    passes: ["reconnecting-websocket"],
    traits: {
      /** `close` leaves it CLOSED, and has dispatched `close`; otherwise it is CLOSING until the server answers. */
      closesAtOnce: false,
      /** Without a usable `WebSocket` class, the constructor throws; otherwise `error` is dispatched. */
      throwsWithoutClass: true,
      /** How it tells of a URL provider that fails: see `complaint`. */
      complains: "rejection",
      /** Why it is not put through some of the tests, by their names. */
      differs: {},
    },
  },
  {
    name: "partysocket 1.3",
    Socket: PartySocket,
    CloseEvent,
    ErrorEvent,
    passes: ["reconnecting-websocket", "partysocket"],
    traits: { closesAtOnce: true, throwsWithoutClass: false, complains: "event", differs: {} },
  },
  {
    name: "steadfast/socket",
    Socket: SteadfastSocket,
    CloseEvent: SteadfastCloseEvent,
    ErrorEvent: SteadfastErrorEvent,
    passes: ["reconnecting-websocket", "partysocket"],
    traits: {
      closesAtOnce: true,
      throwsWithoutClass: false,
      complains: "event",
      differs: {
        "getters when not ready": "it is connecting already, and has a `url` as the standard has it",
        minUptime: "its waits begin anew after a connection of 5 s; `retryCount` goes by `minUptime`",
        "cloneEventNode creates valid Event instances": "its events are the standard's, with the standard's constructors",
        "event classes can be dispatched via EventTarget": "its events are the standard's, with the standard's constructors",
      },
    },
  },
];

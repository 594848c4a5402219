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
    },
  },
  {
    name: "partysocket 1.3",
    Socket: PartySocket,
    CloseEvent,
    ErrorEvent,
    passes: ["reconnecting-websocket", "partysocket"],
    traits: { closesAtOnce: true, throwsWithoutClass: false, complains: "event" },
  },
  {
    name: "steadfast/socket",
    Socket: SteadfastSocket,
    CloseEvent: SteadfastCloseEvent,
    ErrorEvent: SteadfastErrorEvent,
    passes: ["reconnecting-websocket", "partysocket"],
    traits: { closesAtOnce: true, throwsWithoutClass: false, complains: "event" },
  },
];

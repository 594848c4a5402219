// What is measured side by side: each holds a connection, given two servers and a `WebSocket` class, in Node and in a page.
//
// A contender is `{ send(text), settled(), close() }`; it calls `heard` with each message.
import PartySocket from "partysocket/ws";
import ReconnectingWebSocket from "reconnecting-websocket";

/** A URL provider that goes to the next server each time: a library that knows one URL at a time can do no better. */
function rotating(endpoints) {
  let asked = -1;
  return () => {
    asked += 1;
    return endpoints[asked % endpoints.length].connect;
  };
}

/** Their defaults, and all servers. */
const reconnecting =
  (Socket) =>
  async (endpoints, { WebSocket, heard }) => {
    const socket = new Socket(rotating(endpoints), [], { WebSocket });
    socket.addEventListener("message", ({ data }) => heard(data));
    // Errors are dispatched to whoever listens; its reconnecting is its own.
    socket.addEventListener("error", () => {});
    return { send: (text) => socket.send(text), settled: () => true, close: () => socket.close() };
  };

async function steadfast(endpoints, { WebSocket, Steadfast, heard, checked }) {
  const link = await Steadfast.start({ endpoints });
  link.addEventListener("check", ({ detail }) => checked?.(detail.endpoint));
  const connection = link.connect({ webSocket: WebSocket, onMessage: heard });
  const settled = () => link.state.endpoints.every(({ health }) => health === "healthy");
  return { send: (text) => connection.send(text), settled, close: () => link.stop() };
}

/** The contenders by the name that the table gives them. The first one is ours. */
export const CONTENDERS = {
  Steadfast: steadfast,
  "reconnecting-websocket 4.4": reconnecting(ReconnectingWebSocket),
  "partysocket 1.3": reconnecting(PartySocket),
};

/** How much is said on the connection: nothing, or a message each second, which the server sends back. */
export const PACES = ["quiet", "busy"];

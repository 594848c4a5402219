// The classes that libraries are given: in Node and in a page.
//
// `survives` lists the faults after which an app goes on with the other server, and `inPages` those that are tried in browsers, too.
// `open` gets the endpoints and returns `{ WebSocket, url, close }`: the class, the URL to give the library, and the end of both.

/** All faults of faults.mjs. */
const ALL = ["kill", "hang", "503", "drain", "cut"];

/** The platform's own, which knows one server. */
const bare = {
  name: "a bare WebSocket",
  survives: [],
  inPages: ["kill"],
  open: async (endpoints, { WebSocket }) => ({ WebSocket, url: endpoints[0].connect, close() {} }),
};

/** One that goes to the other server each time: what an app can do by itself. It helps where the socket breaks. */
const rotating = {
  name: "a WebSocket that rotates over the servers",
  survives: ["kill", "drain"],
  inPages: [],
  async open(endpoints, { WebSocket }) {
    let opened = 0;
    class Rotating extends WebSocket {
      constructor(url, protocols) {
        const { origin } = new URL(endpoints[opened % endpoints.length].connect);
        super(String(new URL(new URL(url).pathname, origin)), protocols);
        opened += 1;
      }
    }
    return { WebSocket: Rotating, url: endpoints[0].connect, close() {} };
  },
};

/** Ends a socket now, in the eyes of whoever holds it: a server that is gone answers no close. */
function end(socket) {
  if (socket.terminate) return socket.terminate();
  socket.dispatchEvent(new CloseEvent("close", { code: 1012, reason: "moved to another server", wasClean: true }));
  socket.close();
}

/** One that is made where a link says, and is closed when the link moves. */
const following = {
  name: "a WebSocket that follows a link",
  survives: ALL,
  inPages: ALL,
  async open(endpoints, { WebSocket, Steadfast }) {
    const link = await Steadfast.start({ endpoints });
    // A link that holds no connection leaves nobody because of one: its checks alone decide.
    const open = new Set();
    class Following extends WebSocket {
      constructor(url, protocols) {
        const { connect } = endpoints.find(({ name }) => name === link.active.name);
        super(String(new URL(new URL(url).pathname, new URL(connect).origin)), protocols);
        open.add(this);
        this.addEventListener("close", () => open.delete(this));
      }
    }
    link.addEventListener("switch", () => {
      for (const socket of [...open]) {
        open.delete(socket);
        end(socket);
      }
    });
    return { WebSocket: Following, url: endpoints[0].connect, close: () => link.stop() };
  },
};

export const SUBJECTS = { bare, rotating, following };

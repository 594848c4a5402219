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

/** The class of a link. */
const ours = {
  name: "the class of a link",
  survives: ALL,
  inPages: ALL,
  async open(endpoints, { WebSocket, Steadfast }) {
    const link = await Steadfast.start({ endpoints }, { WebSocket });
    return { WebSocket: link.WebSocket, url: endpoints[0].connect, close: () => link.stop() };
  },
};

export const SUBJECTS = { bare, ours };

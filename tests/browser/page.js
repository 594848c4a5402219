// The app under test, as a page: it holds a link and a socket, and answers what the tests ask.
import { ConfigError, Steadfast } from "/steadfast/index.js";

/** Waits until `check` holds. */
async function until(check, what, patience = 30_000) {
  const end = performance.now() + patience;
  while (!check()) {
    if (performance.now() > end) throw new Error(`waited ${patience} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class App {
  events = [];
  messages = [];

  static async start(config) {
    const app = new App();
    app.link = await Steadfast.start(config);
    for (const name of ["switch", "alldown", "offline", "online", "check", "state"]) {
      app.link.addEventListener(name, ({ detail }) => app.events.push({ name, detail }));
    }
    app.socket = app.link.socket();
    app.socket.onmessage = ({ data }) => app.messages.push(data);
    return app;
  }

  /** Waits until the app is connected and both endpoints are known to be healthy. */
  async settled() {
    await until(() => this.messages.length > 0, "a greeting");
    await until(() => this.link.state.endpoints.every(({ health }) => health === "healthy"), "both endpoints to be healthy");
  }

  count(name) {
    return this.events.filter((event) => event.name === name).length;
  }

  async happened(name) {
    const before = this.count(name);
    await until(() => this.count(name) > before, `the event ${name}`);
  }

  /** Waits until the app is greeted by an endpoint. */
  async greeted(endpoint) {
    await until(() => this.messages.includes(endpoint) && this.socket.endpoint === endpoint, `a greeting by ${endpoint}`);
  }
}

/** Counts what is open, for as long as it counts. */
class Ledger {
  timers = new Set();
  sockets = new Set();
  requests = 0;

  constructor() {
    const ledger = this;
    const { setTimeout, clearTimeout, WebSocket, fetch } = globalThis;
    globalThis.setTimeout = (work, ...rest) => {
      const timer = setTimeout(
        (...given) => {
          ledger.timers.delete(timer);
          work(...given);
        },
        ...rest,
      );
      ledger.timers.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      ledger.timers.delete(timer);
      clearTimeout(timer);
    };
    globalThis.WebSocket = class extends WebSocket {
      constructor(...given) {
        super(...given);
        ledger.sockets.add(this);
        this.addEventListener("close", () => ledger.sockets.delete(this));
      }
    };
    globalThis.fetch = async (...given) => {
      ledger.requests += 1;
      try {
        return await fetch(...given);
      } finally {
        ledger.requests -= 1;
      }
    };
    this.restore = () => Object.assign(globalThis, { setTimeout, clearTimeout, WebSocket, fetch });
  }
}

/** Starts and stops the link so many times; returns what was left over. */
async function cycles(config, count) {
  const wait = globalThis.setTimeout;
  const pause = (millis) => new Promise((resolve) => wait(resolve, millis));
  const ledger = new Ledger();
  try {
    for (let cycle = 0; cycle < count; cycle += 1) {
      const link = await Steadfast.start(config);
      link.socket();
      // Stops at every moment of a start: before the first check, while it is under way, after the socket is open.
      await pause(cycle % 10 === 0 ? 0 : (cycle % 10) * 5);
      link.stop();
    }
    await pause(500);
    return { timers: ledger.timers.size, sockets: ledger.sockets.size, requests: ledger.requests };
  } finally {
    ledger.restore();
  }
}

Object.assign(globalThis, { lab: { App, ConfigError, Steadfast, cycles, until } });

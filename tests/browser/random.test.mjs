// Random lives of a socket, over connections that are made of nothing: whatever happens, no message is lost unsaid, told twice or out of its turn.
import assert from "node:assert/strict";
import { after, before, describe, mock, test } from "node:test";
import { importSource } from "./source.mjs";

const { SteadfastSocket } = await importSource("socket/socket.ts");
const { LinkSockets } = await importSource("socket/sockets.ts");

/** How many lives, and how much happens in each. */
const [WORLDS, STEPS] = [1_000, 120];

/** A small generator, so that a failure can be repeated. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A connection whose other end is in the world's hands. */
class FakeWebSocket {
  static world;
  readyState = 0;
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  said = 0;
  /** How many of these nobody listened to, and whether that was too soon. */
  unheard = 0;
  tooSoon = false;

  constructor(url) {
    this.url = url;
    this.world = FakeWebSocket.world;
    this.number = this.world.connections.push(this) - 1;
  }

  send(data) {
    assert.equal(this.readyState, 1, "sent over a connection that is not open");
    if (this.world.sendsFail) throw new Error("the platform does not want it");
    this.world.arrived.push(Number(data));
  }

  close() {
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedAt = now;
  }

  /** What the server says, if it can. */
  say() {
    if (this.readyState !== 1 && this.readyState !== 2) return;
    this.said += 1;
    if (!this.onmessage) {
      this.unheard += 1;
      // It is to be listened to for two seconds, and not at all only after a silent one.
      this.tooSoon ||= now - this.closedAt < 1_000 && now - this.heardAt < 1_000;
      return;
    }
    this.heardAt = now;
    this.onmessage({ data: `${this.number}:${this.said}`, origin: "ws://fake" });
  }

  open() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.({});
  }

  end(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason: "", wasClean: code !== 1006 });
  }
}

/** What an engine does with one socket, made as simple as it can be. */
class World {
  connections = [];
  /** What servers were sent, in the order of its arrival. */
  arrived = [];
  sendsFail = false;
  /** Whether it makes attempts at present. */
  attempts = true;
  #ids = 0;
  #wanted = false;
  #current;
  #candidate;
  #endpoint = "a";

  constructor() {
    FakeWebSocket.world = this;
    const link = {
      active: { connect: "ws://a" },
      state: { state: "steady", endpoints: ["a", "b"].map((name) => ({ name, connect: `ws://${name}`, health: "healthy", rttMs: 1 })) },
    };
    this.sockets = new LinkSockets(link, { send: (message) => this.#hear(message) }, FakeWebSocket);
    link.sockets = this.sockets;
  }

  #hear({ message, id, socket }) {
    if (message === "connect") {
      this.#wanted = true;
      this.#socket = socket;
      this.follow();
    } else if (message === "disconnect") {
      this.#wanted = false;
      this.#current = this.#candidate = undefined;
    } else if (message === "reconnect" && this.attempts && this.#current?.open) this.#try();
    else if (message === "opened") this.#opened(id);
    else if (message === "closed") {
      if (this.#candidate?.id === id) this.#candidate = undefined;
      else if (this.#current?.id === id) {
        this.#current = this.#candidate;
        this.#candidate = undefined;
      }
    }
  }

  #socket;

  #begin() {
    const leg = { id: this.#ids, open: false };
    this.#ids += 1;
    return leg;
  }

  #connect({ id }) {
    this.sockets.open(id, this.#socket, this.#endpoint, `ws://${this.#endpoint}`);
  }

  #try() {
    const before = this.#candidate;
    this.#candidate = this.#begin();
    if (before) this.sockets.disconnect(before.id, "replaced");
    this.#connect(this.#candidate);
  }

  #opened(id) {
    if (this.#candidate?.id === id) {
      const before = this.#current;
      this.#current = this.#candidate;
      this.#candidate = undefined;
      this.#current.open = true;
      this.sockets.promote(id);
      if (before) this.sockets.disconnect(before.id, "replaced");
    } else if (this.#current?.id === id) {
      this.#current.open = true;
      this.sockets.promote(id);
    }
  }

  /** Makes an attempt where there is no connection. */
  follow() {
    if (!this.#wanted || this.#current) return;
    this.#current = this.#begin();
    this.#connect(this.#current);
  }

  /** Leads to the other endpoint. */
  move() {
    this.#endpoint = this.#endpoint === "a" ? "b" : "a";
    if (this.#current?.open) this.#try();
  }
}

/** Lets all that was put off to the end of the task happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A life, of which a seed decides everything. Returns how much of what happened in it. */
async function live(seed) {
  const random = generator(seed);
  const world = new World();
  const seamless = random(3) === 0;
  const options = { maxEnqueuedMessages: 3 + random(20), whenFull: ["dropNewest", "dropOldest", "throw"][random(3)], maxRetries: Number.POSITIVE_INFINITY };
  if (seamless) options.migrate = () => (random(4) ? Promise.resolve() : Promise.reject(new Error("not prepared")));
  const socket = new SteadfastSocket(world.sockets, undefined, undefined, options);
  const [log, heard, drained] = [[], [], []];
  let [next, refused, dropped, closes] = [0, 0, 0, 0];
  const send = () => {
    try {
      socket.send(`${next}`);
    } catch {
      refused += 1;
    }
    next += 1;
  };
  socket.addEventListener("queue", ({ detail }) => {
    dropped += detail.dropped;
  });
  socket.onopen = () => {
    log.push({ type: "open", number: world.connections.indexOf(socket.legs.current.socket) });
    if (random(2)) send();
  };
  socket.onclose = () => {
    log.push({ type: "close" });
    if (random(2)) send();
  };
  socket.onmessage = ({ data }) => {
    const [number, said] = data.split(":").map(Number);
    log.push({ type: "message", number });
    heard.push({ number, said });
    if (random(4) === 0) send();
  };
  const any = () => world.connections[Math.max(0, world.connections.length - 1 - random(3))];
  const happenings = [
    () => send(),
    () => send(),
    () => any()?.say(),
    () => any()?.say(),
    () => any()?.open(),
    () => world.follow(),
    () => world.move(),
    () => socket.reconnect(),
    // A connection that was asked to close does so, and another one breaks.
    () => world.connections.find(({ readyState }) => readyState === 2)?.end(1000),
    () => random(3) === 0 && any()?.end(1006),
    () => {
      world.attempts = random(3) > 0;
    },
    () => {
      world.sendsFail = random(8) === 0;
    },
    () => {
      if (random(8)) return;
      socket.close();
      closes += 1;
    },
    () => random(8) === 0 && drained.push(...socket.drainQueuedMessages().map(Number)),
    () => random(6) === 0 && pass(random(3_000)),
  ];
  for (let step = 0; step < STEPS; step += 1) {
    happenings[random(happenings.length)]();
    // Each is a task of its own, as on a platform.
    if (random(2)) await settled();
    else await null;
  }
  await settled();
  pass(10_000);
  await settled();
  const waiting = socket.drainQueuedMessages().map(Number);

  // What the app sends.
  const inOrder = (numbers) => numbers.every((number, place) => place === 0 || number > numbers[place - 1]);
  assert.ok(inOrder(world.arrived), `arrived: ${world.arrived}`);
  assert.ok(inOrder(waiting), `waiting: ${waiting}`);
  assert.equal(new Set([...world.arrived, ...drained, ...waiting]).size, world.arrived.length + drained.length + waiting.length, "nothing is twice");
  assert.equal(world.arrived.length + drained.length + waiting.length + dropped + refused, next, "nothing is lost unsaid");

  // What the app is told.
  const opened = log.filter(({ type }) => type === "open").map(({ number }) => number);
  for (const number of new Set(heard.map((one) => one.number))) {
    const said = heard.filter((one) => one.number === number).map((one) => one.said);
    assert.ok(inOrder(said), `of connection ${number}: ${said}`);
  }
  if (!seamless) {
    let open;
    for (const { type, number } of log) {
      if (type === "message") assert.equal(number, open, "a message outside of its connection's time");
      else {
        if (type === "open") assert.equal(open, undefined, "two that are open");
        open = type === "open" ? number : undefined;
      }
    }
    // Without a `close` of the app's, all is heard that a server says before its end, if that comes in time.
    for (const number of closes ? [] : opened) {
      const { said, unheard, tooSoon } = world.connections[number];
      const all = heard.filter((one) => one.number === number).length;
      assert.deepEqual([all, tooSoon], [said - unheard, false], `of connection ${number}`);
    }
  }
  socket.close();
  return { opened: opened.length, arrived: world.arrived.length, dropped, waiting: waiting.length, heard: heard.length };
}

/** Time is the world's. */
let now = 0;
function pass(millis) {
  now += millis;
  mock.timers.tick(millis);
}

describe("random lives of a socket", () => {
  const { now: real } = performance;
  let uncaught;
  before(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    performance.now = () => now;
    // What a platform's `send` throws in the middle of a queue surfaces by itself.
    uncaught = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", ({ message }) => assert.equal(message, "the platform does not want it"));
    mock.method(console, "warn", () => {});
  });
  after(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of uncaught) process.on("uncaughtException", listener);
    performance.now = real;
    mock.timers.reset();
    mock.restoreAll();
  });

  test("order is kept, nothing is twice, and what is lost is told", async () => {
    const sum = { opened: 0, arrived: 0, dropped: 0, waiting: 0, heard: 0 };
    const only = Number(process.env.SEED ?? Number.NaN);
    for (let seed = only || 1; seed <= (only || WORLDS); seed += 1) {
      try {
        for (const [what, count] of Object.entries(await live(seed))) sum[what] += count;
      } catch (problem) {
        problem.message = `SEED=${seed}: ${problem.message}`;
        throw problem;
      }
    }
    // The lives are worth living.
    if (!only) for (const [what, count] of Object.entries(sum)) assert.ok(count > WORLDS, `${what}: ${count}`);
  });
});

// The apps of this folder as a page, put together by esbuild: it starts them and answers what the tests ask.
import { Steadfast } from "/steadfast/index.js";
import { CLIENTS } from "./clients.mjs";
import { SUBJECTS } from "./subjects.mjs";

const apps = new Map();

async function start(key, library, subject, endpoints) {
  const given = await SUBJECTS[subject].open(endpoints, { WebSocket, Steadfast });
  apps.set(key, { given, running: CLIENTS[library](given) });
}

function end(key) {
  const { given, running } = apps.get(key) ?? {};
  running?.close();
  given?.close();
  apps.delete(key);
}

const app = (key) => apps.get(key).running;

globalThis.lab = {
  start,
  end,
  from: (key) => app(key).from,
  say: (key, text) => app(key).say(text),
  lost: (key) => app(key).lost?.() ?? [],
};

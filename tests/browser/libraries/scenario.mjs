// What an app must live through, wherever it runs. An app is `{ from(), say(text), lost() }`, each of which may be async.
import assert from "node:assert/strict";
import { pause } from "../waiting.mjs";

/** How long the app may be without a server, in milliseconds. */
const PATIENCE = 30_000;
/** How long one is watched that is not expected to go on. */
const WATCHED = 2_500;

async function within(patience, holds) {
  for (const end = performance.now() + patience; performance.now() < end; await pause(50)) if (await holds()) return true;
  return false;
}

/** The app works; then its server meets with a fault, and it goes on with the other one, or does not. */
export async function lifeOf(app, { strike, survives }) {
  const hasHeard = async (name) => (await app.from()).includes(name);
  assert.ok(await within(PATIENCE, () => hasHeard("primary")), `heard from ${await app.from()}`);
  assert.equal(await app.say("before"), "primary");
  strike();
  const moved = await within(survives ? PATIENCE : WATCHED, () => hasHeard("secondary"));
  assert.equal(moved, survives, `heard last from ${(await app.from()).at(-1)}`);
  if (!survives) return;
  assert.equal(await app.say("after"), "secondary");
  assert.deepEqual(await app.lost(), [], "what was said before is known to the other server");
  const failures = (await app.from()).filter((from) => from.startsWith("failed"));
  assert.deepEqual(failures, [], "the app was told of no failure");
}

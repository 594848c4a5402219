// What a queue and a path are in every language: the same cases are run by the engine's tests.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { importSource } from "./source.mjs";

const { Queue } = await importSource("socket/queue.ts");
const { routeOf } = await importSource("socket/rules.ts");

async function casesOf(file) {
  return JSON.parse(await readFile(join(import.meta.dirname, "../vectors", file), "utf8")).cases;
}

describe("the queue, as in every language", async () => {
  for (const { name, limits, steps, expect } of await casesOf("queue.json")) {
    test(name, () => {
      const queue = new Queue({ maxEnqueuedMessages: limits.messages, maxEnqueuedBytes: limits.bytes, whenFull: limits.whenFull });
      const numbers = new Map();
      /** What becomes of the queue, in the words of the vectors. */
      const done = ({ do: what, bytes, takes }) => {
        const handed = [];
        if (what === "flush") queue.flush((data) => handed.length < takes && handed.push(numbers.get(data)) > 0);
        if (what === "drain") handed.push(...queue.drain().map((data) => numbers.get(data)));
        if (what !== "add") return { handed };
        // A Blob stays the same object while it waits.
        const message = new Blob([new Uint8Array(bytes)]);
        numbers.set(message, numbers.size);
        try {
          return { dropped: queue.add(message) };
        } catch (problem) {
          assert.equal(problem.name, "QuotaExceededError");
          return { refused: true };
        }
      };
      for (const [number, step] of steps.entries()) {
        const { dropped = [], refused = false, handed = [], messages, bytes } = expect[number];
        const was = { dropped: 0, refused: false, handed: [], ...done(step), messages: queue.length, bytes: queue.bytes };
        assert.deepEqual(was, { dropped: dropped.length, refused, handed, messages, bytes }, `step ${number}`);
      }
      assert.equal(expect.length, steps.length);
    });
  }
});

describe("paths, as in every language", async () => {
  for (const { name, connects, path, urls } of await casesOf("routes.json")) {
    const refused = { name: "SyntaxError" };
    test(`${name}: ${path}`, () => {
      if (!urls) {
        assert.throws(() => routeOf(path, connects), refused);
        return;
      }
      const route = routeOf(path, connects);
      for (const [number, connect] of connects.entries()) {
        if (urls[number] === null) assert.throws(() => route(connect), refused);
        else assert.equal(route(connect), urls[number]);
      }
    });
  }
});

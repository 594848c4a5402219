// What a socket may be given, and how much waits for a connection.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSource } from "./source.mjs";

const { bytesOf, checkClose, protocolsOf, routeOf, socketUrl } = await importSource("socket/rules.ts");
const { Queue } = await importSource("socket/queue.ts");

const refused = (name) => (problem) => problem instanceof DOMException && problem.name === name;

describe("the rules of a socket", () => {
  test("a URL is a socket's: http becomes ws, https wss, and what is relative follows the page", () => {
    for (const [given, read] of [
      ["ws://a.example", "ws://a.example/"],
      ["http://a.example:8080/x?y", "ws://a.example:8080/x?y"],
      ["HTTPS://a.example/", "wss://a.example/"],
      [new URL("wss://a.example/"), "wss://a.example/"],
      ["wss://a.example:443/", "wss://a.example/"],
    ]) {
      assert.equal(socketUrl(given), read);
    }
    assert.equal(socketUrl("../live", "https://a.example/app/page"), "wss://a.example/live");
    assert.equal(socketUrl("//b.example/live", "http://a.example/"), "ws://b.example/live");
    for (const wrong of ["/live", "ftp://a.example/", "mailto:a@b", "ws://a.example/#x", "ws://a.example/#", "ws://a.example:x/", "ws://", ""]) {
      assert.throws(() => socketUrl(wrong), refused("SyntaxError"), wrong);
    }
  });

  test("a path is resolved at each endpoint, and leads to none but that", () => {
    const connects = ["wss://a.example/live/v1", "ws://b.example:81/b"];
    for (const [path, ...read] of [
      [undefined, "wss://a.example/live/v1", "ws://b.example:81/b"],
      ["", "wss://a.example/live/v1", "ws://b.example:81/b"],
      ["/chat?x=1", "wss://a.example/chat?x=1", "ws://b.example:81/chat?x=1"],
      ["chat", "wss://a.example/live/chat", "ws://b.example:81/chat"],
      ["?token=1", "wss://a.example/live/v1?token=1", "ws://b.example:81/b?token=1"],
      ["../../x", "wss://a.example/x", "ws://b.example:81/x"],
      [new URL("ws://b.example:81/of?b"), "wss://a.example/of?b", "ws://b.example:81/of?b"],
      ["wss://a.example:443//c.example/", "wss://a.example//c.example/", "ws://b.example:81//c.example/"],
      ["wss://me:secret@a.example/x", "wss://a.example/x", "ws://b.example:81/x"],
    ]) {
      assert.deepEqual(connects.map(routeOf(path, connects)), read, String(path));
    }
    const elsewhere = ["//c.example/", "/\\c.example/", "\\\\c.example/", "/\t/c.example/", " //c.example", "https://a.example/", "https:c", "wss:c"];
    for (const path of [
      ...elsewhere,
      "wss://c.example/",
      "ws://a.example/",
      "wss://a.example:444/",
      "data:,",
      "javascript:0",
      "/x#",
      "//b.example:81/",
      "//",
    ]) {
      assert.throws(() => routeOf(path, connects), refused("SyntaxError"), path);
    }
    // What names the host of the one is a host of its own to the other.
    const named = routeOf("//b.example:81/x", connects.slice(1));
    assert.equal(named("ws://b.example:81/"), "ws://b.example:81/x");
    assert.throws(() => named("wss://a.example/"), refused("SyntaxError"));
    assert.throws(
      () => routeOf("//c.example/x?token=s3cr3t", connects),
      ({ message }) => /leads to another origin/.test(message) && !/s3cr3t|c\.example/.test(message),
    );
  });

  test("subprotocols are tokens, and differ", () => {
    assert.deepEqual([protocolsOf(), protocolsOf(null), protocolsOf("mqtt"), protocolsOf(["a", "b.c!"])], [[], [], ["mqtt"], ["a", "b.c!"]]);
    for (const wrong of ["", "a b", "a,b", "ä", "a/b", ["a", "a"], ["echo", "ECHO"], ["a", ""], "a\u007f"]) {
      assert.throws(() => protocolsOf(wrong), refused("SyntaxError"), String(wrong));
    }
  });

  test("a close has a code of the application's, and a short reason", () => {
    for (const code of [undefined, 1000, 3000, 4999]) checkClose(code, "x".repeat(123));
    for (const code of [0, 999, 1001, 1006, 2999, 5000, Number.NaN, null]) assert.throws(() => checkClose(code), refused("InvalidAccessError"), String(code));
    checkClose(1000, "ä".repeat(61));
    assert.throws(() => checkClose(1000, "ä".repeat(62)), refused("SyntaxError"));
    assert.equal(bytesOf("aä€😀"), 10);
  });
});

describe("the queue", () => {
  /** Takes up to `most` of what waits. */
  const flushed = (queue, most = Number.POSITIVE_INFINITY) => {
    const sent = [];
    queue.flush((data) => sent.length < most && sent.push(data) > 0);
    return sent;
  };

  test("messages leave in their order, and those that are not taken stay", () => {
    const queue = new Queue({});
    for (const text of ["a", "bb", "ccc", "€"]) assert.equal(queue.add(text), 0);
    assert.deepEqual([queue.length, queue.bytes], [4, 9]);
    assert.deepEqual(flushed(queue, 2), ["a", "bb"]);
    assert.deepEqual([queue.length, queue.bytes], [2, 6]);
    assert.deepEqual(queue.drain(), ["ccc", "€"]);
    assert.deepEqual([queue.length, queue.bytes, flushed(queue)], [0, 0, []]);
  });

  test("limits that are no numbers are refused", () => {
    for (const wrong of [Number.NaN, -1, "many"]) {
      assert.throws(() => new Queue({ maxEnqueuedMessages: wrong, whenFull: "dropOldest" }), RangeError);
      assert.throws(() => new Queue({ maxEnqueuedBytes: wrong }), RangeError);
    }
  });

  test("what an app changes afterwards is sent as it was", async () => {
    const queue = new Queue({});
    const bytes = new Uint8Array([1, 2, 3, 4]);
    for (const data of [bytes, bytes.subarray(1, 3), new DataView(bytes.buffer, 3), bytes.buffer, new Blob(["blob"]), 7, null]) queue.add(data);
    assert.equal(queue.bytes, 4 + 2 + 1 + 4 + 4 + 1 + 4);
    bytes.fill(0);
    const sent = flushed(queue);
    assert.deepEqual(
      sent.slice(0, 4).map((data) => [...new Uint8Array(data)]),
      [[1, 2, 3, 4], [2, 3], [4], [1, 2, 3, 4]],
    );
    assert.deepEqual([await sent[4].text(), ...sent.slice(5)], ["blob", "7", "null"]);
  });

  test("a full queue loses what comes, or what has waited longest, or refuses", () => {
    for (const [options, kept, lost] of [
      [{ maxEnqueuedMessages: 2 }, ["a", "b"], [0, 0, 1, 1]],
      [{ maxEnqueuedMessages: 2, whenFull: "dropOldest" }, ["c", "dd"], [0, 0, 1, 1]],
      [{ maxEnqueuedBytes: 3, whenFull: "dropOldest" }, ["c", "dd"], [0, 0, 0, 2]],
      [{ maxEnqueuedBytes: 3 }, ["a", "b", "c"], [0, 0, 0, 1]],
      [{ maxEnqueuedMessages: 0, whenFull: "dropOldest" }, [], [1, 1, 1, 1]],
      [{ maxEnqueuedBytes: 1, whenFull: "dropOldest" }, ["c"], [0, 1, 1, 1]],
    ]) {
      const queue = new Queue(options);
      assert.deepEqual(
        ["a", "b", "c", "dd"].map((data) => queue.add(data)),
        lost,
        JSON.stringify(options),
      );
      assert.deepEqual(flushed(queue), kept, JSON.stringify(options));
    }
    const strict = new Queue({ maxEnqueuedMessages: 1, whenFull: "throw" });
    strict.add("a");
    assert.throws(() => strict.add("b"), refused("QuotaExceededError"));
    assert.deepEqual(flushed(strict), ["a"]);
    const large = new Queue({});
    assert.equal(large.add(new Uint8Array(16 * 1024 * 1024 + 1)), 1, "16 MiB by default");
  });

  test("whatever happens, the order is kept, nothing is twice, and what is lost is counted", () => {
    // A small generator, so that a failure can be repeated.
    let seed = 1;
    const random = (below) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    for (let world = 0; world < 500; world += 1) {
      const whenFull = ["dropNewest", "dropOldest", "throw"][random(3)];
      const queue = new Queue({ maxEnqueuedMessages: random(8), maxEnqueuedBytes: random(60), whenFull });
      const sent = [];
      let [lost, thrown] = [0, 0];
      for (let number = 0; number < 60; number += 1) {
        try {
          lost += queue.add(`${1_000 + number}`.padEnd(4 + random(8)));
        } catch {
          thrown += 1;
        }
        if (random(6) === 0) sent.push(...flushed(queue, random(5)));
      }
      sent.push(...queue.drain());
      const numbers = sent.map(Number);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
        `world ${world}`,
      );
      assert.equal(sent.length + lost + thrown, 60, `world ${world}`);
    }
  });
});

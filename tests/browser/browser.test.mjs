// The npm package in real browsers against real servers that misbehave. What is asserted is what happens, not how fast:
// for that there is `cargo xtask demo --headless`.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./browsers.mjs";
import { servePages, startTestbed } from "./servers.mjs";

const ROOT = join(import.meta.dirname, "../..");

for (const [name, launch] of Object.entries(BROWSERS)) {
  describe(name, { skip: !launch && `no ${name} on this machine; install it and run the tests again` }, () => {
    let browser;
    let pages;
    let testbed;

    before(async () => {
      pages = await servePages({ "/tests/": join(ROOT, "tests/browser"), "/steadfast/": join(ROOT, "bindings/npm/dist") });
      testbed = await startTestbed();
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      pages?.close();
      await testbed?.kill();
    });

    const config = (more = {}) => JSON.stringify({ endpoints: testbed.endpoints, ...more });

    /** A fresh page whose app is connected to a healthy primary. */
    async function app(more) {
      for (const endpoint of ["primary", "secondary"]) await testbed.fault(endpoint, "healthy");
      await open();
      await browser.run(`globalThis.app = await lab.App.start(${config(more)}); await app.settled()`);
      assert.equal(await browser.run("return app.link.active.name"), "primary");
    }

    async function open() {
      await browser.goto(`${pages.url}/tests/page.html`);
      await browser.run("while (!globalThis.lab) await new Promise((resolve) => setTimeout(resolve, 10))");
    }

    const faults = { kill: "kill", hang: "hang", 503: { status: 503 }, slow: { slow: 4000 }, maintenance: "maintenance" };
    for (const [label, fault] of Object.entries(faults)) {
      test(`${label}: the app's socket moves to the other endpoint`, async () => {
        await app();
        await testbed.fault("primary", fault);
        await browser.run(`await app.greeted("secondary")`);
        const { active, switches, sent } = await browser.run(
          `return { active: app.link.active.name, switches: app.count("switch"), sent: app.socket.send("echo") }`,
        );
        assert.deepEqual({ active, switches, sent }, { active: "secondary", switches: 1, sent: true });
        await browser.run(`await lab.until(() => app.messages.includes("echo"), "the echo")`);
      });
    }

    test("a process killed with SIGKILL is left within moments", async () => {
      await app();
      const victim = await startTestbed(["primary"]);
      const endpoints = JSON.stringify([victim.endpoints[0], testbed.endpoints[1]]);
      await browser.run(`app.link.setEndpoints(${endpoints}); await lab.until(() => app.messages.length > 1, "the greeting of the replaced primary")`);
      await victim.kill();
      await browser.run(`await app.greeted("secondary")`);
    });

    test("all down is told once, and the first endpoint that is back is used", async () => {
      await app();
      for (const endpoint of ["primary", "secondary"]) await testbed.fault(endpoint, "kill");
      await browser.run(`await lab.until(() => app.count("alldown") === 1, "all down")`);
      assert.equal(await browser.run("return app.link.state.state"), "allDown");
      await testbed.fault("secondary", "healthy");
      await browser.run(`await app.greeted("secondary")`);
      assert.equal(await browser.run(`return app.count("alldown")`), 1);
    });

    test("no CORS headers: a failure kind of its own, which says what to change", async () => {
      await app();
      await testbed.fault("primary", "noCors");
      await browser.run(`await app.greeted("secondary")`);
      const failures = () => browser.run(`return app.events.filter(({ name, detail }) => name === "check" && detail.failure).map(({ detail }) => detail)`);
      const [unreadable] = await failures();
      assert.equal(unreadable.failure, "status", "answers were readable before: this is an error page");
      const counted = `const { fetch } = globalThis; globalThis.asked = []; globalThis.fetch = (url, init) => { asked.push([url, init.mode]); return fetch(url, init); };`;
      const [{ health }] = testbed.endpoints;
      await browser.run(`${counted}; app.link.stop(); app = await lab.App.start({ endpoints: ${JSON.stringify(testbed.endpoints.slice(0, 1))} });`);
      await browser.run(`await lab.until(() => app.count("check") > 2, "three checks")`);
      const first = await failures();
      assert.deepEqual([first[0].failure, first[2].failure], ["cors", "cors"], "never readable: the server lacks the header");
      assert.match(first[0].message, /Access-Control-Allow-Origin/);
      const blind = await browser.run(`return asked.filter(([url, mode]) => url === "${health}" && mode === "no-cors").length`);
      assert.equal(blind, 1, "a server that fails is not asked twice each time");
      await app({ check: { mode: "no-cors" } });
      await testbed.fault("primary", "noCors");
      const opaque = await browser.run("return app.link.checkNow()");
      assert.deepEqual([opaque.failure, opaque.status], [null, null], "in no-cors mode an opaque answer means reachable");
    });

    test("an application's close code moves nobody; the socket comes back", async () => {
      await app();
      await testbed.fault("primary", { close: 4001 });
      await browser.run(`await lab.until(() => app.messages.filter((message) => message === "primary").length === 2, "a second greeting")`);
      assert.equal(await browser.run(`return app.count("switch")`), 0);
    });

    test("offline and online: no server is blamed, nothing is checked meanwhile", async () => {
      await app();
      const emulated = name === "chromium";
      if (emulated) await browser.page.setOfflineMode(true);
      else await browser.run(`dispatchEvent(new Event("offline"))`);
      await browser.run(`await lab.until(() => app.count("offline") === 1, "offline")`);
      const before = await browser.run(`return app.count("check")`);
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      const { checks, healths } = await browser.run(`return { checks: app.count("check"), healths: app.link.state.endpoints.map(({ health }) => health) }`);
      assert.equal(checks, before, "nothing is checked without a network");
      assert.ok(!healths.includes("unhealthy"), healths.join());
      if (emulated) await browser.page.setOfflineMode(false);
      else await browser.run(`dispatchEvent(new Event("online"))`);
      await browser.run(`await lab.until(() => app.count("online") === 1 && app.count("check") > ${before}, "online and a check")`);
      assert.equal(await browser.run("return app.link.active.name"), "primary");
    });

    test("a frozen page that resumes checks afresh and blames nobody", async () => {
      await app();
      if (name === "chromium") {
        const session = await browser.page.createCDPSession();
        await session.send("Page.setWebLifecycleState", { state: "frozen" });
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        await session.send("Page.setWebLifecycleState", { state: "active" });
      } else {
        await browser.run(`dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))`);
        await new Promise((resolve) => setTimeout(resolve, 5_000));
        await browser.run(`app.frozenChecks = app.count("check"); dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`);
      }
      await browser.run(`await app.happened("check")`);
      const { failed, switches } = await browser.run(
        `return { failed: app.events.filter(({ name, detail }) => name === "check" && detail.failure).length, switches: app.count("switch") }`,
      );
      assert.deepEqual({ failed, switches }, { failed: 0, switches: 0 });
      // A page that Chromium was told to freeze stays hidden.
      await browser.renew?.();
    });

    test("a hook prepares the new connection, and keeps from the app what was meant for the hook", async () => {
      await app();
      const { told, messages, endpoint } = await browser.run(`
        const socket = app.link.socket();
        const [told, messages] = [[], []];
        for (const type of ["open", "close", "error", "switch"]) socket.addEventListener(type, () => told.push(type));
        socket.onmessage = ({ data }) => messages.push(data);
        socket.onmigrate = async ({ socket }) => {
          const heard = () => new Promise((resolve) => {
            socket.addEventListener("message", (event) => { event.stopImmediatePropagation(); resolve(event.data) }, { once: true });
          });
          if (await heard() !== "secondary") throw new Error("another greeting");
          socket.send("for the hook");
          if (await heard() !== "for the hook") throw new Error("another echo");
          socket.send("for the app");
        };
        await lab.until(() => messages.length === 1, "a greeting");
        app.link.prefer("secondary");
        await lab.until(() => messages.length === 2, "what the hook has left");
        socket.close();
        return { told, messages, endpoint: app.socket.endpoint }`);
      assert.deepEqual({ told, messages, endpoint }, { told: ["open", "switch", "close"], messages: ["primary", "for the app"], endpoint: "secondary" });
    });

    test("sockets are WebSockets of the platform's kind, also those of one life", async () => {
      await app();
      const { kinds, told, states } = await browser.run(`
        const kinds = [];
        const told = [];
        const log = (socket, name) => {
          for (const type of ["open", "message", "close"]) socket.addEventListener(type, ({ data }) => told.push(name + " " + type + (data ? " " + data : "")));
        };
        const first = app.link.active.connect;
        const socket = new app.link.WebSocket(first);
        log(socket, "first");
        socket.onclose = (event) => {
          kinds.push(event instanceof CloseEvent, event.code, event.wasClean);
          log(new app.link.WebSocket(first), "next");
        };
        const states = [socket.readyState];
        await lab.until(() => told.length === 2, "a greeting");
        states.push(socket.readyState);
        app.link.prefer("secondary");
        await lab.until(() => told.length === 5, "the next one's greeting");
        states.push(socket.readyState);
        const failing = app.link.socket("/nowhere");
        const [error] = await new Promise((resolve) => { failing.onerror = (...events) => resolve(events) });
        kinds.push(error instanceof ErrorEvent, error.error instanceof Error);
        failing.close();
        return { kinds, told, states }`);
      assert.deepEqual(kinds, [true, 1012, true, true, true]);
      assert.deepEqual(told, ["first open", "first message primary", "first close", "next open", "next message secondary"]);
      assert.deepEqual(states, [0, 1, 3]);
    });

    test("a callback of the app that throws is reported and stops nothing", async () => {
      for (const endpoint of ["primary", "secondary"]) await testbed.fault(endpoint, "healthy");
      await open();
      const { reported, status } = await browser.run(`
        const reported = [];
        globalThis.onerror = (message) => { reported.push(message); return true };
        const link = await lab.Steadfast.start(${config()});
        link.subscribe(() => { throw new Error("in subscribe") });
        link.socket().onopen = () => { throw new Error("in onopen") };
        await lab.until(() => ["in subscribe", "in onopen"].every((text) => reported.join().includes(text)), "the reports");
        const { status } = await link.checkNow();
        link.stop();
        return { reported: reported.join(), status }`);
      assert.equal(status, 200);
      assert.match(reported, /in subscribe/);
      assert.match(reported, /in onopen/);
    });

    test("stop ends everything: no event, no socket, and further calls say so", async () => {
      await app();
      await browser.run("app.link.stop(); app.link.stop(); app.after = app.events.length");
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      const { events, state, sent, refused } = await browser.run(`
        let refused;
        try { await app.link.checkNow() } catch (problem) { refused = problem.message }
        return { events: app.events.length - app.after, state: app.link.state.state, sent: app.socket.send("x"), refused }`);
      assert.deepEqual({ events, state, sent }, { events: 0, state: "stopped", sent: false });
      assert.match(refused, /stopped/);
    });

    test("50 starts and stops leave no timer, no socket, no request and no memory", async () => {
      for (const endpoint of ["primary", "secondary"]) await testbed.fault(endpoint, "healthy");
      await open();
      assert.deepEqual(await browser.run(`return lab.cycles(${config()}, 50)`), { timers: 0, sockets: 0, requests: 0 });
      if (name !== "chromium") return;
      const heap = async () => {
        const session = await browser.page.createCDPSession();
        await session.send("HeapProfiler.collectGarbage");
        return (await session.send("Runtime.getHeapUsage")).usedSize;
      };
      const before = await heap();
      await browser.run(`return lab.cycles(${config()}, 50)`);
      const grown = (await heap()) - before;
      assert.ok(grown < 256 * 1024, `the heap has grown by ${grown} bytes`);
    });

    test("works in a dedicated worker", async () => {
      await testbed.fault("primary", "healthy");
      await open();
      const greeting = await browser.run(`
        const worker = new Worker("/tests/worker.js", { type: "module" });
        worker.postMessage(${config()});
        const { data } = await new Promise((resolve) => { worker.onmessage = resolve });
        worker.terminate();
        return data`);
      assert.equal(greeting, "primary");
    });

    test("a wrong config tells every problem at once", async () => {
      await open();
      const problems = await browser.run(`
        try { await lab.Steadfast.start({ endpoints: [{ name: "a", conect: "ws://a/", health: "http://a/" }], failureThreshold: 0.5 }) }
        catch (problem) { return problem instanceof lab.ConfigError && problem.problems }`);
      assert.deepEqual(problems, [
        { path: "endpoints[0].conect", message: "unknown key; did you mean `connect`?" },
        { path: "endpoints[0].connect", message: "missing" },
        { path: "failureThreshold", message: "expected a whole number, allowed: 1 to 100, found a number that is not whole" },
      ]);
    });
  });
}

// Libraries that take a WebSocket class, against their own servers, through everything that can happen to a server: in Node.
import { describe, test } from "node:test";
import { Steadfast } from "steadfast";
import { WebSocket } from "ws";
import { CLIENTS } from "./clients.mjs";
import { FAULTS, startPair } from "./faults.mjs";
import { lifeOf } from "./scenario.mjs";
import { SUBJECTS } from "./subjects.mjs";

for (const subject of Object.values(SUBJECTS)) {
  describe(subject.name, { concurrency: 4 }, () => {
    for (const library of Object.keys(CLIENTS)) {
      for (const fault of Object.keys(FAULTS)) {
        const survives = subject.survives.includes(fault);
        test(`${library} ${survives ? "goes on" : "does not go on"} after ${fault}`, async (context) => {
          const { endpoints, strike, close } = await startPair(library, fault);
          context.after(close);
          const given = await subject.open(endpoints, { WebSocket, Steadfast });
          context.after(() => given.close());
          const running = CLIENTS[library](given);
          context.after(() => running.close());
          await lifeOf({ from: () => running.from, say: running.say, lost: running.lost ?? (() => []) }, { strike, survives });
        });
      }
    }
  });
}

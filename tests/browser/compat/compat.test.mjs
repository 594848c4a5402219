// What users of reconnecting-websocket and of partysocket rely on, in Node with the package ws as server and client.
import { describe } from "node:test";
import { partysocketTests } from "./partysocket.mjs";
import { partysocketEdgeTests } from "./partysocket-edges.mjs";
import { partysocketUseTests } from "./partysocket-use.mjs";
import { reconnectingWebSocketTests } from "./reconnecting-websocket.mjs";
import { reconnectingWebSocketLifeTests } from "./reconnecting-websocket-life.mjs";
import { SUBJECTS } from "./subjects.mjs";

const SUITES = {
  "reconnecting-websocket": [reconnectingWebSocketTests, reconnectingWebSocketLifeTests],
  partysocket: [partysocketTests, partysocketEdgeTests, partysocketUseTests],
};

for (const subject of SUBJECTS) {
  for (const library of subject.passes) {
    describe(`${subject.name} passes the tests of ${library}`, () => {
      for (const suite of SUITES[library]) suite(subject);
    });
  }
}

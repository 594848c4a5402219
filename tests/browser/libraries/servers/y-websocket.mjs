// Yjs' own server, which has a document in which it ticks, and notes what was said.
import { getYDoc, setupWSConnection } from "@y/websocket-server/utils";
import { WebSocketServer } from "ws";
import { serve } from "./serving.mjs";

serve((server, name) => {
  new WebSocketServer({ server }).on("connection", setupWSConnection);
  const document = getYDoc("live/document");
  const said = document.getArray("said");
  said.observe(() => {
    for (const text of said) {
      const noted = document.getMap(`noted by ${name}`);
      if (!noted.has(text)) noted.set(text, true);
    }
  });
  let ticks = 0;
  setInterval(() => {
    ticks += 1;
    if (document.conns.size > 0) document.getMap("ticks").set(name, ticks);
  }, 100);
});

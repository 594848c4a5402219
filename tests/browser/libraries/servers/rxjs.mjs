// A server for rxjs' `webSocket`, which has a protocol of the app's own: JSON, and topics that one subscribes to.
import { WebSocketServer } from "ws";
import { serve } from "./serving.mjs";

serve((server, name) => {
  new WebSocketServer({ server, path: "/live" }).on("connection", (client) => {
    let ticking;
    client.on("message", (data) => {
      const { subscribe, unsubscribe, say } = JSON.parse(data);
      if (subscribe) ticking = setInterval(() => client.send(JSON.stringify({ topic: subscribe, from: name })), 100);
      if (unsubscribe) clearInterval(ticking);
      if (say) client.send(JSON.stringify({ topic: "said", said: say, from: name }));
    });
    client.on("close", () => clearInterval(ticking));
  });
});

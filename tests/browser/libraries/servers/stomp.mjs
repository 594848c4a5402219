// A STOMP broker: stomp-broker-js.
import StompServer from "stomp-broker-js";
import { serve } from "./serving.mjs";

serve((server, name) => {
  const broker = new StompServer({ server, path: "/live" });
  setInterval(() => broker.send("/ticks", {}, JSON.stringify({ from: name })), 100);
  broker.subscribe("/said", (text) => broker.send("/noted", {}, JSON.stringify({ said: text, from: name })));
});

// An MQTT broker, aedes, over the package ws.
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import { serve } from "./serving.mjs";

serve(async (server, name) => {
  const broker = await Aedes.createBroker();
  new WebSocketServer({ server, path: "/live" }).on("connection", (client, request) => {
    const stream = createWebSocketStream(client);
    stream.on("error", () => {});
    broker.handle(stream, request);
  });
  const publish = (topic, message) => broker.publish({ topic, payload: Buffer.from(JSON.stringify({ ...message, from: name })), qos: 0 }, () => {});
  setInterval(() => publish("ticks", {}), 100);
  broker.on("publish", ({ topic, payload }, client) => {
    if (client && topic === "said") publish("noted", { said: String(payload) });
  });
});

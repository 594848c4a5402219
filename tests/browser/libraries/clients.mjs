// Libraries that take a WebSocket class, each in an app of a few lines that does not know what the class does: in Node and in a page.
//
// An app is started with `{ WebSocket, url }`. `from` lists the names of the servers that it hears from, in order; `say` resolves with the name
// of the server that noted a text; `documents` are what it must still have at the end.
import { Client as StompClient } from "@stomp/stompjs";
import { createClient as createGraphqlClient } from "graphql-ws";
import mqtt from "mqtt";
import { filter, firstValueFrom, repeat, retry } from "rxjs";
import { webSocket } from "rxjs/webSocket";
import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";

/** How long each library waits until it connects again, in milliseconds. */
const AGAIN = 200;

/** What is waited for, by its text. */
class Notes {
  #waiting = new Map();

  wait(text) {
    return new Promise((resolve) => this.#waiting.set(text, resolve));
  }

  noted(text, from) {
    this.#waiting.get(text)?.(from);
  }
}

function graphql({ WebSocket, url }) {
  const from = [];
  const client = createGraphqlClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, AGAIN)),
  });
  const failed = (problem) => from.push(`failed: ${problem.message ?? problem.reason ?? problem}`);
  client.subscribe({ query: "subscription { ticks }" }, { next: ({ data }) => from.push(data.ticks), error: failed, complete: () => {} });
  return {
    from,
    async say(text) {
      const query = { query: "mutation Say($text: String!) { say(text: $text) }", variables: { text } };
      for await (const { data } of client.iterate(query)) return data.say;
    },
    // It waits for a connection that is under way, and that may fail.
    close: () => void Promise.resolve(client.dispose()).catch(() => {}),
  };
}

function rxjs({ WebSocket, url }) {
  const from = [];
  const subject = webSocket({ url, WebSocketCtor: WebSocket });
  const ticks = subject.multiplex(
    () => ({ subscribe: "ticks" }),
    () => ({ unsubscribe: "ticks" }),
    ({ topic }) => topic === "ticks",
  );
  const subscription = ticks.pipe(retry({ delay: AGAIN }), repeat({ delay: AGAIN })).subscribe((tick) => from.push(tick.from));
  return {
    from,
    async say(text) {
      const noted = firstValueFrom(subject.pipe(filter(({ said }) => said === text)));
      subject.next({ say: text });
      return (await noted).from;
    },
    close: () => subscription.unsubscribe(),
  };
}

function yjs({ WebSocket, url }) {
  const from = [];
  const document = new Doc();
  const provider = new WebsocketProvider(url, "document", document, { WebSocketPolyfill: WebSocket, maxBackoffTime: AGAIN, disableBc: true });
  document.getMap("ticks").observe(({ keysChanged }) => from.push(...keysChanged));
  const said = document.getArray("said");
  return {
    from,
    say(text) {
      const names = ["primary", "secondary"];
      const noted = new Promise((resolve) => {
        for (const name of names) {
          document.getMap(`noted by ${name}`).observe(({ keysChanged }) => keysChanged.has(text) && resolve(name));
        }
      });
      said.push([text]);
      return noted;
    },
    /** What was said to any server must be known to the last one. */
    lost: () => said.toArray().filter((text) => !document.getMap("noted by secondary").has(text)),
    close() {
      provider.destroy();
      document.destroy();
    },
  };
}

function overMqtt({ WebSocket, url }) {
  const [from, notes] = [[], new Notes()];
  const client = mqtt.connect(url, {
    createWebsocket: (address, protocols) => new WebSocket(address, protocols),
    // In Node, too, it keeps to the platform's interface.
    forceNativeWebSocket: true,
    reconnectPeriod: AGAIN,
    // The others are made of text, which a careful page forbids.
    timerVariant: "native",
  });
  client.on("error", () => {});
  client.subscribe(["ticks", "noted"]);
  client.on("message", (topic, payload) => {
    const message = JSON.parse(new TextDecoder().decode(payload));
    if (topic === "ticks") from.push(message.from);
    else notes.noted(message.said, message.from);
  });
  return {
    from,
    say(text) {
      const noted = notes.wait(text);
      client.publish("said", text, { qos: 1 });
      return noted;
    },
    close: () => client.end(true),
  };
}

function stomp({ WebSocket, url }) {
  const [from, notes] = [[], new Notes()];
  const client = new StompClient({ webSocketFactory: () => new WebSocket(url, ["v12.stomp", "v11.stomp", "v10.stomp"]), reconnectDelay: AGAIN });
  client.onConnect = () => {
    client.subscribe("/ticks", ({ body }) => from.push(JSON.parse(body).from));
    client.subscribe("/noted", ({ body }) => {
      const message = JSON.parse(body);
      notes.noted(message.said, message.from);
    });
  };
  client.activate();
  return {
    from,
    say(text) {
      const noted = notes.wait(text);
      client.publish({ destination: "/said", body: text });
      return noted;
    },
    close: () => void client.deactivate({ force: true }),
  };
}

/** The apps, by the name of their library, which is also that of the server in `servers`. */
export const CLIENTS = { "graphql-ws": graphql, rxjs, "y-websocket": yjs, mqtt: overMqtt, stomp };

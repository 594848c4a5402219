// A GraphQL server: graphql-ws over the package ws.
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { pause } from "../../waiting.mjs";
import { serve } from "./serving.mjs";

const schema = buildSchema(`
  type Query { name: String! }
  type Mutation { say(text: String!): String! }
  type Subscription { ticks: String! }
`);

serve((server, name) => {
  const roots = {
    query: { name },
    mutation: { say: () => name },
    subscription: {
      async *ticks() {
        for (;;) {
          yield { ticks: name };
          await pause(100);
        }
      },
    },
  };
  useServer({ schema, roots }, new WebSocketServer({ server, path: "/live" }));
});

import type { Lifecycle, Message, Network } from "./generated/types/index.js";

/** `navigator.connection`, where a browser has it. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Reports what the browser says of the network and the page. Works in a window and in a worker, and does nothing in Node.
 *
 * @returns the end of the reports.
 */
export function watchPage(send: (message: Message) => void): () => void {
  const network = (network: Network) => send({ message: "network", network });
  const lifecycle = (lifecycle: Lifecycle) => send({ message: "lifecycle", lifecycle });
  const ended = new AbortController();
  const on = (target: EventTarget | undefined, type: string, listener: (event: Event) => void) => {
    target?.addEventListener?.(type, listener, { signal: ended.signal });
  };
  const scope = globalThis as unknown as EventTarget;
  const { document, navigator } = globalThis as Partial<typeof globalThis>;
  const hidden = () => document?.visibilityState === "hidden";
  const resumed = () => {
    lifecycle("resumed");
    // A browser may let a page run again without anybody seeing it.
    if (hidden()) lifecycle("background");
  };

  on(scope, "online", () => network("online"));
  on(scope, "offline", () => network("offline"));
  on(scope, "pagehide", () => lifecycle("frozen"));
  on(scope, "pageshow", (event) => {
    // It also comes at the end of every ordinary load.
    if ((event as PageTransitionEvent).persisted) resumed();
  });
  on(document, "visibilitychange", () => lifecycle(hidden() ? "background" : "foreground"));
  on(document, "freeze", () => lifecycle("frozen"));
  on(document, "resume", resumed);

  // It also tells of changes of its own estimates; only another kind of network is another network.
  const connection = (navigator as { connection?: NetworkInformation } | undefined)?.connection;
  let type = connection?.type;
  on(connection, "change", () => {
    if (connection?.type !== type) network("changed");
    type = connection?.type;
  });

  if (navigator?.onLine === false) network("offline");
  if (hidden()) lifecycle("background");
  return () => ended.abort();
}

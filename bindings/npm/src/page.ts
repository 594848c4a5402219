import { Signal } from "./generated/steadfast.js";

/** `navigator.connection`, where a browser has it. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Reports what the browser says of the network and the page. Works in a window and in a worker, and does nothing in Node.
 *
 * @returns the end of the reports.
 */
export function watchPage(report: (signal: Signal) => void): () => void {
  const ended = new AbortController();
  const on = (target: EventTarget | undefined, type: string, listener: (event: Event) => void) => {
    target?.addEventListener?.(type, listener, { signal: ended.signal });
  };
  const scope = globalThis as unknown as EventTarget;
  const { document, navigator } = globalThis as Partial<typeof globalThis>;
  const hidden = () => document?.visibilityState === "hidden";
  const resumed = () => {
    report(Signal.Resumed);
    // A browser may let a page run again without anybody seeing it.
    if (hidden()) report(Signal.Background);
  };

  on(scope, "online", () => report(Signal.Online));
  on(scope, "offline", () => report(Signal.Offline));
  on(scope, "pagehide", () => report(Signal.Frozen));
  on(scope, "pageshow", (event) => {
    // It also comes at the end of every ordinary load.
    if ((event as PageTransitionEvent).persisted) resumed();
  });
  on(document, "visibilitychange", () => report(hidden() ? Signal.Background : Signal.Foreground));
  on(document, "freeze", () => report(Signal.Frozen));
  on(document, "resume", resumed);

  // It also tells of changes of its own estimates; only another kind of network is another network.
  const connection = (navigator as { connection?: NetworkInformation } | undefined)?.connection;
  let type = connection?.type;
  on(connection, "change", () => {
    if (connection?.type !== type) report(Signal.Changed);
    type = connection?.type;
  });

  if (navigator?.onLine === false) report(Signal.Offline);
  if (hidden()) report(Signal.Background);
  return () => ended.abort();
}

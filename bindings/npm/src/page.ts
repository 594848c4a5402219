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
  const on = (target: EventTarget | undefined, type: string, signal: () => Signal | undefined) => {
    const listener = () => {
      const now = signal();
      if (now !== undefined) report(now);
    };
    target?.addEventListener?.(type, listener, { signal: ended.signal });
  };
  const { document, navigator } = globalThis as Partial<typeof globalThis>;
  const visibility = () => (document?.visibilityState === "hidden" ? Signal.Background : Signal.Foreground);

  on(globalThis as unknown as EventTarget, "online", () => Signal.Online);
  on(globalThis as unknown as EventTarget, "offline", () => Signal.Offline);
  on(globalThis as unknown as EventTarget, "pagehide", () => Signal.Frozen);
  on(globalThis as unknown as EventTarget, "pageshow", () => Signal.Resumed);
  on(document, "visibilitychange", visibility);
  on(document, "freeze", () => Signal.Frozen);
  on(document, "resume", () => Signal.Resumed);

  // It also tells of changes of its own estimates; only another kind of network is another network.
  const connection = (navigator as { connection?: NetworkInformation } | undefined)?.connection;
  let type = connection?.type;
  on(connection, "change", () => {
    if (connection?.type === type) return undefined;
    type = connection?.type;
    return Signal.Changed;
  });

  if (navigator?.onLine === false) report(Signal.Offline);
  if (document?.visibilityState === "hidden") report(Signal.Background);
  return () => ended.abort();
}

import { may_hold_document } from "#glue";
import { MAX_ANSWER_BYTES } from "./generated/rules.js";
import type { Check, FailureKind } from "./generated/types/index.js";

/** How a check asks, and what it needs to see. */
export type CheckRequest = { url: string } & Required<Pick<Check, "method" | "headers" | "body" | "expectBody" | "document" | "followRedirects" | "mode">>;

/** What came of a check: an answer for the engine to judge, or why there is none. */
export type Told =
  | {
      /** Nothing if the platform hides it. */
      status: number | null;
      /** The one header that the engine heeds. A server of another origin must name it in Access-Control-Expose-Headers. */
      retryAfter: string | null;
      body: string;
      /** The body, if it is JSON that may tell of the server's health. */
      document: unknown;
      /** From the start to the last byte that was needed, in whole milliseconds. */
      latency: number;
    }
  | { failure: FailureKind };

/** How long the rest of an answer that nobody needs may take, in milliseconds. */
const DRAIN_FOR = 1_000;

/** Whether a browser keeps origins apart. Node, Bun and Deno may hold a page's globals as well. */
const IN_BROWSER = "location" in globalThis && !(globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node;

/** How many redirects of a check are followed at most. */
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** How many URLs are remembered at most; those of a link are fewer, unless they change. */
const REMEMBERED = 128;

/** What makes checks by `fetch`, and reads as much of an answer as is needed. Nothing is left once the link has `ended`. */
export function makeCheck(ended: AbortSignal): (check: CheckRequest, given: AbortSignal) => Promise<Told> {
  const last = new Map<string, FailureKind | "read">();
  return async (check, given) => {
    const told = await made(check, given, ended, last.get(check.url));
    if (last.size >= REMEMBERED) last.clear();
    last.set(check.url, "failure" in told ? told.failure : "read");
    return told;
  };
}

/** Makes one check. `last` is what the one before came to. */
async function made(check: CheckRequest, given: AbortSignal, ended: AbortSignal, last: FailureKind | "read" | undefined): Promise<Told> {
  const began = performance.now();
  const request = new AbortController();
  given.onabort = () => request.abort();
  const init: RequestInit = { cache: "no-store", credentials: "omit", signal: request.signal };
  const failed = (failure: FailureKind): Told => ({ failure });

  let answer: Response | undefined;
  try {
    answer = await (IN_BROWSER ? asked : askedOutsideOfBrowsers)(check, init);
  } catch (error) {
    return failed(await reason(check, error, init, last));
  }
  if (!answer) return failed("redirect");

  const { headers } = answer;
  const mayBeDocument = check.document && may_hold_document(headers.get("content-type") ?? "");
  let body = "";
  if (mayBeDocument || check.expectBody) {
    try {
      body = await read(answer, mayBeDocument ? null : check.expectBody);
    } catch {
      return failed("reset");
    }
  } else if (Number(headers.get("content-length") ?? Infinity) <= MAX_ANSWER_BYTES) {
    // Its rest is on the way: let it arrive, so that the connection serves the next check as well.
    given.onabort = null;
    void drained(answer, request, ended);
  }
  return {
    status: answer.status || null,
    retryAfter: headers.get("retry-after"),
    body,
    document: mayBeDocument ? parsed(body) : null,
    latency: Math.trunc(performance.now() - began),
  };
}

/** The answer to a check; nothing if it is a redirect that is not followed. */
async function asked({ url, method, headers, body, mode, followRedirects }: CheckRequest, init: RequestInit): Promise<Response | undefined> {
  const redirect = followRedirects || mode === "no-cors" ? "follow" : "manual";
  const answer = await fetch(url, { ...init, method, headers, body, mode, redirect });
  return answer.type === "opaqueredirect" ? undefined : answer;
}

/** The same where no browser keeps origins apart: what goes with a check may be secret, so redirects are followed within its origin only. */
async function askedOutsideOfBrowsers({ url, headers, followRedirects, ...check }: CheckRequest, init: RequestInit): Promise<Response | undefined> {
  let { method, body } = check;
  let at = new URL(url);
  for (let left = MAX_REDIRECTS; ; left -= 1) {
    const answer = await fetch(at, { ...init, method, headers, body, redirect: "manual" });
    if (answer.type === "opaqueredirect") return undefined;
    const location = answer.headers.get("location");
    if (!followRedirects || !REDIRECTS.includes(answer.status) || !location) return answer;
    answer.body?.cancel().catch(() => {});
    const next = URL.canParse(location, at) && new URL(location, at);
    if (!next || next.origin !== at.origin || !left) return undefined;
    // RFC 9110, section 15.4: from 307 on, what is sent stays the same.
    if (answer.status < 307 && method !== "HEAD") {
      method = "GET";
      body = null;
    }
    at = next;
  }
}

/** Reads on to the end of an answer, for a while. */
async function drained(answer: Response, request: AbortController, ended: AbortSignal): Promise<void> {
  const abort = () => request.abort();
  const timer = setTimeout(abort, DRAIN_FOR);
  ended.addEventListener("abort", abort);
  try {
    await answer.arrayBuffer();
  } catch {
    // It was given up.
  }
  clearTimeout(timer);
  ended.removeEventListener("abort", abort);
}

/** The body up to the most bytes that matter, or until `text` has been seen in it. */
async function read(answer: Response, text: string | null): Promise<string> {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let body = "";
  let left = MAX_ANSWER_BYTES;
  while (reader && left > 0 && !(text && body.includes(text))) {
    const { done, value } = await reader.read();
    if (done) break;
    body += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
  }
  return body;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/**
 * Why a request was refused. Node names the cause by a code; a browser says nothing, so the platform and a second, blind request are asked: not
 * again while it goes on, for a server that fails is not to get twice the requests.
 */
async function reason({ url, mode }: CheckRequest, error: unknown, init: RequestInit, last: FailureKind | "read" | undefined): Promise<FailureKind> {
  const { code } = ((error as Error).cause ?? {}) as { code?: string };
  if (code) return CODES.find(([codes]) => codes.test(code))?.[1] ?? "unexpected";
  const { navigator, location } = globalThis as Partial<typeof globalThis>;
  if (navigator?.onLine === false) return "unreachable";
  if (!location) return "unexpected";
  const { origin, hostname } = new URL(url);
  // Hosts that a secure page may ask without TLS (Secure Contexts, section 3.1).
  const local = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  if (location.protocol === "https:" && url.startsWith("http:") && !local) return "mixedContent";
  if (mode === "cors" && origin !== location.origin) {
    if (last === "cors" || last === "status" || last === "refused") return last;
    const answers = await fetch(url, { ...init, mode: "no-cors" }).catch(() => null);
    // Where this page could read answers before, this one is the error page of a server or of what stands before it.
    if (answers) return last === "read" ? "status" : "cors";
  }
  return "refused";
}

/** What Node's codes mean. */
const CODES: readonly [RegExp, FailureKind][] = [
  [/^ECONNREFUSED$/, "refused"],
  [/^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/, "reset"],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "dns"],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/, "unreachable"],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS)_TIMEOUT)$/, "timeout"],
  [/^(CERT_|DEPTH_ZERO|ERR_SSL|ERR_TLS|SELF_SIGNED|UNABLE_TO)/, "tls"],
];

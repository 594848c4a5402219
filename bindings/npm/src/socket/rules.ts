// What a WebSocket may be given, as the WHATWG standard has it (https://websockets.spec.whatwg.org), and paths that never leave their endpoint.
import { elsewhere } from "../elsewhere.js";

/** Besides letters, digits and the underscore, what a subprotocol may have (RFC 6455, section 4.1). */
const SIGNS = "!#$%&'*+.^`|~-";
const TOKEN = new RegExp(`^[\\w${SIGNS}]+$`);

/** How long the reason of a close may be, in bytes (RFC 6455, section 5.5). */
const LONGEST_REASON = 123;

/** Throws a DOMException of this name. */
export function refuse(name: string, message: string): never {
  throw new DOMException(`steadfast: ${message}`, name);
}

/** How many bytes a text has on its way. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function parsed(url: string, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/** The URL of a socket: http becomes ws, https wss. */
export function socketUrl(text: string | URL, base?: string): string {
  const url = parsed(`${text}`, base);
  if (!url) refuse("SyntaxError", "the URL cannot be read");
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(url.protocol)) refuse("SyntaxError", "a socket's URL begins with ws, wss, http or https");
  if (url.href.includes("#")) refuse("SyntaxError", "a socket's URL has no fragment");
  return url.href;
}

/** Finds out where a path leads at an endpoint with this `connect` URL. */
export type Route = (connect: string) => string;

/**
 * Reads a path: relative to each endpoint's `connect` URL, or a whole URL of an endpoint's origin, whose path and query count.
 *
 * @param connects the endpoints' `connect` URLs.
 * @throws a SyntaxError if it leads to another origin.
 */
export function routeOf(path: string | URL | null | undefined, [connect = "", ...others]: readonly string[]): Route {
  const text = `${path ?? ""}`;
  if (text.includes("#")) refuse("SyntaxError", "a socket's path has no fragment");
  const originOf = (url: string) => new URL(url).origin;
  const whole = parsed(text);
  const route: Route = (connect) => {
    const origin = originOf(connect);
    // A path such as `//host` would lead elsewhere by itself.
    const url = whole ? parsed(origin + whole.pathname + whole.search) : parsed(text, connect);
    if (url?.origin !== origin) throw new DOMException(elsewhere(origin), "SyntaxError");
    return url.href;
  };
  if (whole && ![connect, ...others].some((url) => originOf(url) === whole.origin)) throw new DOMException(elsewhere(originOf(connect)), "SyntaxError");
  route(connect);
  return route;
}

/** The list of subprotocols, if each is one and differs from the others. */
export function protocolsOf(protocols: string | readonly string[] | null | undefined): string[] {
  const given: unknown = protocols ?? [];
  if (typeof given !== "string" && !Array.isArray(given)) throw new TypeError("Invalid protocols");
  const list = [given].flat().map(String);
  for (const protocol of list) {
    // Not what it is: some send a token by it.
    if (!TOKEN.test(protocol)) refuse("SyntaxError", `a subprotocol has letters, digits, _ and ${SIGNS}`);
  }
  if (new Set(list.map((protocol) => protocol.toLowerCase())).size < list.length) refuse("SyntaxError", "a subprotocol is named twice");
  return list;
}

/** Refuses what no application may close a socket with. */
export function checkClose(code?: number, reason?: string): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    refuse("InvalidAccessError", `the code of a close is 1000 or 3000 to 4999, not ${code}`);
  }
  if (reason !== undefined && bytesOf(reason) > LONGEST_REASON) refuse("SyntaxError", `the reason of a close has at most ${LONGEST_REASON} bytes`);
}

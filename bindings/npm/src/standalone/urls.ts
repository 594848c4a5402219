// Where a socket that stands alone leads.
import { socketUrl } from "../socket/rules.js";

/** A URL, or several in the order of preference. */
export type Urls = string | URL | readonly (string | URL)[];

/**
 * Reads what the app has given, or its function has answered.
 *
 * @throws if these are no URLs.
 */
export function urlsOf(given: unknown): string[] {
  const list = [given].flat();
  if (!list.length || !list.every((url) => typeof url === "string" || url instanceof URL)) throw new TypeError("Invalid URL");
  return list.map((url) => socketUrl(url as string, globalThis.location?.href));
}

/** What is said of a path that leads to another origin. A query may hold secrets, and is not shown. */
export function elsewhere(path: string, origin: string): string {
  return `steadfast: "${path.replace(/[?#].*/s, "")}" leads to another origin than ${origin}`;
}

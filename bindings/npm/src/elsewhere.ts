/** What is said of a path that leads to another origin. It is not shown, for it may hold secrets. */
export function elsewhere(origin: string): string {
  return `steadfast: the path leads to another origin than ${origin}`;
}

/** What is said of a path that leads to another origin. A query may hold secrets, and so may what stands before a host: neither is shown. */
export function elsewhere(path: string, origin: string): string {
  return `steadfast: "${path.replace(/[?#].*|(?<=\/\/)[^/]*@/gs, "")}" leads to another origin than ${origin}`;
}

/** Lets a mistake in the app's callbacks surface by itself: it must not stop whoever called them. */
export function surface(problem: unknown): void {
  queueMicrotask(() => {
    throw problem;
  });
}

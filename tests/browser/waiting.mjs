// How a test waits.

export const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Waits until something holds. The test's own limit is the limit. */
export async function until(holds) {
  while (!holds()) await pause(5);
}

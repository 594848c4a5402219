// How long sockets take to open.

/** After each, time for its end and for what it has begun beside opening. */
const REST = 20;

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** How many milliseconds pass from the constructor to `open`. */
async function timed(make) {
  const began = performance.now();
  const socket = make();
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const took = performance.now() - began;
  // The first time, what decides about further connections is loaded meanwhile. It is no part of opening, and must not fall into a later round.
  while (socket.link === null) await pause(1);
  socket.close();
  await pause(REST);
  return took;
}

/** Opens sockets in turn: bare ones, and such as stand alone. Returns how long each took, the first of both kinds by itself. */
export async function opening({ WebSocket, SteadfastSocket }, port, { rounds }) {
  const url = `ws://127.0.0.1:${port}/`;
  const kinds = { bare: () => new WebSocket(url), held: () => new SteadfastSocket(url, undefined, { WebSocket }) };
  const [first, times] = [{}, { bare: [], held: [] }];
  for (const [kind, make] of Object.entries(kinds)) first[kind] = await timed(make);
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, make] of Object.entries(kinds)) times[kind].push(await timed(make));
  }
  return { first, ...times };
}

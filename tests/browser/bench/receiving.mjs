// How long it takes to receive messages over a bare WebSocket and over one that survives, in turn.

/** From the request to the last message, in milliseconds. */
function receive(socket, count, size) {
  return new Promise((resolve, reject) => {
    let left = count;
    let began;
    socket.binaryType = "arraybuffer";
    socket.onmessage = () => {
      left -= 1;
      if (left > 0) return;
      resolve(performance.now() - began);
      socket.close();
    };
    socket.onerror = () => reject(new Error("the socket failed"));
    socket.onopen = () => {
      began = performance.now();
      socket.send(JSON.stringify({ count, size }));
    };
  });
}

/** The times of both kinds, round by round. */
export async function receiving({ WebSocket, Steadfast }, port, { count, size, rounds }) {
  const [connect, health] = [`ws://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/`];
  const link = await Steadfast.start({ endpoints: [{ name: "server", connect, health }] }, { WebSocket });
  const times = { bare: [], held: [] };
  // The first round is for the compiler.
  for (let round = 0; round <= rounds; round += 1) {
    const kinds = { bare: () => new WebSocket(connect), held: () => link.socket() };
    for (const [kind, open] of Object.entries(kinds)) {
      const time = await receive(open(), count, size);
      if (round > 0) times[kind].push(time);
    }
  }
  link.stop();
  return times;
}

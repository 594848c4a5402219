const endpoints = await (await fetch("/endpoints.json")).json();

async function socket() {
  if (location.search === "?socket") {
    const { default: SteadfastSocket } = await import("steadfast/socket");
    const urls = endpoints.map(({ connect }) => connect);
    return new SteadfastSocket(urls);
  }
  const { Steadfast } = location.search === "?full" ? await import("steadfast/full") : await import("steadfast");
  const link = await Steadfast.start({ endpoints });
  return link.socket();
}

const held = await socket();
held.onmessage = async ({ data: greeting }) => {
  // The one that stands alone has loaded everything when it has a link.
  while (!held.link) await new Promise((resolve) => setTimeout(resolve, 20));
  document.title = `greeted by ${greeting}`;
};

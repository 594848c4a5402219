const { Steadfast } = location.search === "?full" ? await import("steadfast/full") : await import("steadfast");

const endpoints = await (await fetch("/endpoints.json")).json();
const link = await Steadfast.start({ endpoints });
link.socket().onmessage = ({ data: greeting }) => {
  document.title = `greeted by ${greeting}`;
};

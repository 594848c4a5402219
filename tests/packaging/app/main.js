import { Steadfast } from "steadfast";

const endpoints = await (await fetch("/endpoints.json")).json();
const link = await Steadfast.start({ endpoints });
link.connect({
  onMessage: (greeting) => {
    document.title = `greeted by ${greeting}`;
  },
});

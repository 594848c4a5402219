// The app's socket: it greets, echoes, and follows the active endpoint by itself.
import type { Steadfast } from "steadfast/full";
import { log } from "./log.js";

export function socket(link: Steadfast, element: (id: string) => HTMLElement, greeted: (endpoint: string) => void): void {
  let count = 0;
  const held = link.socket();
  held.onopen = () => {
    element("socket-endpoint").textContent = held.endpoint;
    log(`socket open on ${held.endpoint}`, "good");
  };
  held.onclose = ({ code, reason }) => {
    element("socket-endpoint").textContent = "nothing for the moment";
    log(`socket closed (${code}${reason && `, ${reason}`})`, "bad");
  };
  held.onmessage = ({ data }) => {
    count += 1;
    element("socket-count").textContent = String(count);
    element("socket-last").textContent = String(data);
    if (data === held.endpoint) greeted(data);
  };
  const text = element("say-text") as HTMLInputElement;
  const say = () => held.send(text.value);
  element("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!say()) log("queued: there is no connection for the moment", "bad");
  });
  setInterval(() => {
    if ((element("talk") as HTMLInputElement).checked) say();
  }, 1000);
}

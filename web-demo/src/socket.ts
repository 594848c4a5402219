// The app's socket: it greets, echoes, and follows the active endpoint by itself.
import type { Steadfast } from "steadfast/full";
import { log } from "./log.js";

export function socket(link: Steadfast, element: (id: string) => HTMLElement, greeted: (endpoint: string) => void): void {
  let count = 0;
  const connection = link.connect({
    onOpen: (endpoint) => {
      element("socket-endpoint").textContent = endpoint;
      log(`socket open on ${endpoint}`, "good");
    },
    onClose: (endpoint, code) => {
      element("socket-endpoint").textContent = "nothing for the moment";
      log(`socket to ${endpoint} closed (${code})`, "bad");
    },
    onMessage: (data, endpoint) => {
      count += 1;
      element("socket-count").textContent = String(count);
      element("socket-last").textContent = String(data);
      if (data === endpoint) greeted(endpoint);
    },
  });
  const text = element("say-text") as HTMLInputElement;
  const say = () => connection.send(text.value);
  element("say").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!say()) log("not sent: there is no connection for the moment", "bad");
  });
  setInterval(() => {
    if ((element("talk") as HTMLInputElement).checked) say();
  }, 1000);
}

// The page on which one watches a failover happen: it wires the link to what is shown.
import "./style.css";
import "uplot/dist/uPlot.min.css";
import { Steadfast } from "steadfast/full";
import { cards } from "./cards.js";
import { FAULTS, Testbed } from "./faults.js";
import { log } from "./log.js";
import { RttPlot } from "./plot.js";
import { socket } from "./socket.js";
import { Stopwatch } from "./stopwatch.js";

/** An element that index.html is known to have. */
function element<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

const STATES = {
  idle: "Starting",
  steady: "All is well",
  suspicious: "Something is wrong; asking the others",
  allDown: "All endpoints are down; trying again",
  offline: "This device has no network",
  stopped: "Stopped",
} as const;

async function main(): Promise<void> {
  const testbed = await Testbed.find(new URLSearchParams(location.search).get("control") ?? "http://127.0.0.1:7600");
  const link = await Steadfast.start({ endpoints: testbed.endpoints.map(({ name, connect, health }) => ({ name, connect, health })) });
  const stopwatch = new Stopwatch(element("result"));
  const plot = new RttPlot(
    element("plot"),
    testbed.endpoints.map(({ name }) => name),
  );

  const inflict = (endpoint: string, fault: string) => {
    const chosen = FAULTS.find(({ label }) => label === fault);
    if (!chosen) return;
    log(`you: ${endpoint} ${chosen.done}`, "fault");
    if (endpoint === link.active.name && chosen.label !== "heal") stopwatch.start(fault);
    void testbed.inflict(endpoint, chosen.fault);
  };

  const checks = new Map<string, number>();
  const render = cards(element("endpoints"), link, checks, inflict);
  const show = () => {
    const { state, active } = link.getSnapshot();
    const banner = element("banner");
    banner.dataset["state"] = state;
    banner.textContent = `${STATES[state]}. Active endpoint: ${active}`;
    render();
  };
  link.subscribe(show);
  show();

  link.addEventListener("switch", ({ detail: { from, to, reason } }) => {
    if (reason === "unhealthy") log(link.explain(from).text);
    log(`switched from ${from} to ${to} (${reason})`, "switch");
    plot.mark(to);
  });
  link.addEventListener("alldown", () => log("all endpoints are down", "bad"));
  link.addEventListener("offline", ({ detail }) => log(`our own network is down (${detail.reason})`, "bad"));
  link.addEventListener("online", () => log("our own network is back", "good"));
  link.addEventListener("check", ({ detail: { endpoint, failure, status, latencyMs, failures, message } }) => {
    plot.add(endpoint, failure ? null : latencyMs);
    checks.set(endpoint, (checks.get(endpoint) ?? 0) + 1);
    if (failure) log(`${endpoint}: check failed, ${failures} in a row: ${status ?? failure} (${message})`, "bad");
  });

  socket(link, element, (endpoint) => stopwatch.arrived(endpoint));

  const keys: Record<string, string> = { k: "kill", h: "hang", "5": "503", s: "slow" };
  document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
    if (target instanceof HTMLInputElement || ctrlKey || metaKey || altKey) return;
    const fault = keys[key.toLowerCase()];
    if (fault) inflict(link.active.name, fault);
    if (key.toLowerCase() === "r") for (const { name } of testbed.endpoints) inflict(name, "heal");
  });
}

main().catch((problem: unknown) => {
  element("banner").dataset["state"] = "allDown";
  element("banner").textContent = problem instanceof Error ? problem.message : String(problem);
});

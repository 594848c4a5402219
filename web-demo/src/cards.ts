// A card per endpoint: its health at a glance, and a button for each fault.
import type { Steadfast } from "steadfast/full";
import { FAULTS } from "./faults.js";

/** Builds the cards; the returned function brings them up to date. */
export function cards(
  parent: HTMLElement,
  link: Steadfast,
  checks: ReadonlyMap<string, number>,
  inflict: (endpoint: string, fault: string) => void,
): () => void {
  const built = new Map<string, HTMLElement>();
  for (const { name, connect } of link.state.endpoints) {
    const card = document.createElement("article");
    card.className = "card endpoint";
    card.innerHTML = `<h2><span class="dot"></span><span class="name"></span><span class="active">active</span></h2>
      <p class="url"></p><p class="numbers"></p><div class="faults" role="group"></div>`;
    find(card, ".name").textContent = name;
    find(card, ".url").textContent = connect;
    const faults = find(card, ".faults");
    faults.setAttribute("aria-label", `Faults of ${name}`);
    for (const { label, title } of FAULTS) {
      const button = document.createElement("button");
      button.textContent = label;
      button.title = title;
      button.dataset["fault"] = `${name}/${label}`;
      button.addEventListener("click", () => inflict(name, label));
      faults.append(button);
    }
    parent.append(card);
    built.set(name, card);
  }
  return () => {
    const { active, endpoints } = link.state;
    const reports = new Map(link.report().endpoints.map((report) => [report.endpoint, report]));
    for (const { name, health, failures, rttMs } of endpoints) {
      const card = built.get(name);
      if (!card) continue;
      const count = checks.get(name) ?? 0;
      card.dataset["endpoint"] = name;
      card.dataset["health"] = health;
      card.dataset["checks"] = String(count);
      card.classList.toggle("is-active", name === active);
      const rtt = rttMs === null ? "no round trip yet" : `round trip ${rttMs} ms`;
      const { uptimePercent = null, p95Ms = null } = reports.get(name) ?? {};
      const so = [health, rtt, `${count} checks`];
      if (failures) so.push(`${failures} failed in a row`);
      if (p95Ms !== null) so.push(`95 % within ${p95Ms} ms`);
      if (uptimePercent !== null) so.push(`up ${uptimePercent.toFixed(1)} %`);
      find(card, ".numbers").textContent = so.join(", ");
    }
  };
}

function find(parent: HTMLElement, selector: string): HTMLElement {
  return parent.querySelector(selector) as HTMLElement;
}

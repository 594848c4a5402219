// The list of what happened, newest first.

/** Most lines that are kept. */
const MOST = 200;
const started = performance.now();

export function log(text: string, kind: "good" | "bad" | "switch" | "fault" | "plain" = "plain"): void {
  const list = document.getElementById("log") as HTMLOListElement;
  const line = document.createElement("li");
  line.className = kind;
  const time = document.createElement("time");
  time.textContent = `${((performance.now() - started) / 1000).toFixed(2)} s`;
  line.append(time, ` ${text}`);
  list.prepend(line);
  while (list.children.length > MOST) list.lastElementChild?.remove();
}

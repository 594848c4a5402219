// The testbed's control, and the faults that it can cause.

/** A fault as its button shows it and as the testbed takes it. */
export interface Fault {
  readonly label: string;
  readonly fault: unknown;
  /** What the button does, for its tooltip. */
  readonly title: string;
  /** What was done, for the log. */
  readonly done: string;
}

export const FAULTS: readonly Fault[] = [
  { label: "heal", fault: "healthy", title: "Everything works again", done: "was healed" },
  { label: "kill", fault: "kill", title: "The process dies: sockets break, connections are refused", done: "was killed" },
  { label: "hang", fault: "hang", title: "Accepts connections and says nothing", done: "hangs" },
  { label: "503", fault: { status: 503 }, title: "The health check answers 503; sockets stay open", done: "answers 503" },
  { label: "slow", fault: { slow: 4000 }, title: "The health check answers after 4 seconds", done: "is slow" },
  { label: "refuse", fault: "refuse", title: "New connections are refused; open ones go on", done: "refuses connections" },
  { label: "silent", fault: "silent", title: "Sockets stay open and say nothing; the health check works", done: "is silent" },
  { label: "close", fault: { close: 1012 }, title: "Sockets are closed with code 1012, service restart", done: "closed its sockets" },
  { label: "maintain", fault: "maintenance", title: "Announced maintenance: 503 with Retry-After", done: "is under maintenance" },
  { label: "no CORS", fault: "noCors", title: "Answers, but does not let this page see the answers", done: "sends no CORS headers" },
];

/** An endpoint as the testbed lists it. */
interface Listed {
  readonly name: string;
  readonly connect: string;
  readonly health: string;
}

export class Testbed {
  private constructor(
    private readonly control: string,
    readonly endpoints: readonly Listed[],
  ) {}

  /** Asks the control which endpoints there are. */
  static async find(control: string): Promise<Testbed> {
    try {
      const response = await fetch(`${control}/endpoints`);
      return new Testbed(control, (await response.json()) as Listed[]);
    } catch {
      throw new Error(`The testbed does not answer at ${control}; start it with: cargo run -p steadfast-testbed`);
    }
  }

  async inflict(endpoint: string, fault: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    await fetch(`${this.control}/endpoints/${endpoint}/fault`, { method: "POST", headers, body: JSON.stringify(fault) });
  }
}

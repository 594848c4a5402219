// Round-trip times over the last minute, and when the active endpoint changed.
import uPlot from "uplot";

/** Seconds shown. */
const WINDOW = 60;
/** Seconds ago that the time axis names. */
const TICKS = [50, 40, 30, 20, 10, 0];
const COLORS = ["#1a9e6c", "#3b7ddd", "#b5651d", "#8e5bd0"];

export class RttPlot {
  readonly #names: readonly string[];
  readonly #plot: uPlot;
  #times: number[] = [];
  #series: (number | null)[][];
  #marks: { at: number; to: string }[] = [];

  constructor(parent: HTMLElement, names: readonly string[]) {
    this.#names = names;
    this.#series = names.map(() => []);
    const color = () => getComputedStyle(document.body).getPropertyValue("--muted");
    const axis = { stroke: color, grid: { stroke: color, width: 0.3 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width: parent.clientWidth || 800,
        height: 180,
        legend: { live: false },
        cursor: { show: false },
        scales: { x: { time: false, range: () => [this.#now - WINDOW, this.#now] }, y: { range: (_, __, max) => [0, Math.max(10, max * 1.2)] } },
        axes: [{ ...axis, splits: () => TICKS.map((ago) => this.#now - ago), values: () => TICKS.map((ago) => (ago ? `${ago} s ago` : "now")) }, axis],
        series: [
          {},
          ...names.map((label, index) => ({ label, stroke: COLORS[index % COLORS.length] as string, width: 2, spanGaps: true, points: { size: 5 } })),
        ],
        hooks: { draw: [(plot) => this.#drawMarks(plot)] },
      },
      this.#data,
      parent,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: parent.clientWidth, height: 180 })).observe(parent);
    setInterval(() => this.#plot.setData(this.#data), 500);
  }

  /** Adds the latency of a check that passed, or a gap for one that failed. */
  add(name: string, latency: number | null): void {
    const which = this.#names.indexOf(name);
    this.#times.push(this.#now);
    for (const [index, values] of this.#series.entries()) values.push(index === which ? latency : null);
    while ((this.#times[0] ?? Number.POSITIVE_INFINITY) < this.#now - 2 * WINDOW) {
      this.#times.shift();
      for (const values of this.#series) values.shift();
    }
  }

  /** Marks a change of the active endpoint. */
  mark(to: string): void {
    this.#marks.push({ at: this.#now, to });
  }

  get #now(): number {
    return performance.now() / 1000;
  }

  get #data(): uPlot.AlignedData {
    return [this.#times, ...this.#series] as uPlot.AlignedData;
  }

  #drawMarks({ ctx, bbox, valToPos }: uPlot): void {
    this.#marks = this.#marks.filter(({ at }) => at > this.#now - WINDOW);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = "#d9822b";
    ctx.setLineDash([4, 4]);
    ctx.font = `${12 * devicePixelRatio}px system-ui`;
    for (const { at, to } of this.#marks) {
      const x = valToPos.call(this.#plot, at, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.textAlign = x > bbox.left + bbox.width / 2 ? "right" : "left";
      ctx.fillText(` to ${to} `, x, bbox.top + 14 * devicePixelRatio);
    }
    ctx.restore();
  }
}

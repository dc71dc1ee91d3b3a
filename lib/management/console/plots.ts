import type uPlotType from 'uplot';
import { attempt, byId, make, setText } from './dom.js';
import { timeOfDay } from './format.js';
import { type History, SPAN_SECONDS } from './history.js';

declare const uPlot: typeof uPlotType;

const HEIGHT = 200;

/** A new plot shows this much time. */
const LEAST_SECONDS = 60;

/**
 * A colour of the style sheet in the present theme. A custom property returns `light-dark(…)` as it is
 * written; only a used colour is resolved.
 */
function colour(name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly isFilled?: boolean | undefined;
  /** Rare values are drawn as dots: between two gaps a line would not be visible. */
  readonly isDotted?: boolean | undefined;
}

class Plot {
  readonly #plot: uPlotType;
  readonly #values: readonly HTMLElement[];
  readonly #lines: readonly Line[];
  readonly #unit: string;

  constructor(id: string, lines: readonly Line[], unit: string, range: (max: number) => [number, number]) {
    const place = byId(id);
    this.#lines = lines;
    this.#unit = unit;
    this.#values = lines.map(() => make('b', '–'));
    place.before(make('ul.legend', ...lines.map(({ label, colour: name }, i) => make('li', make(`i.${name}`), label, this.#values[i]))));
    this.#plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        padding: [8, 26, 0, 0],
        cursor: { points: { size: 7 }, drag: { x: false, y: false } },
        legend: { show: false },
        hooks: { setCursor: [() => this.#tell()] },
        scales: { x: { time: true }, y: { range: (_plot, _min, max) => range(max ?? 0) } },
        series: [
          {},
          ...lines.map(({ label, colour: name, isFilled, isDotted }) => ({
            label,
            width: 2,
            spanGaps: true,
            points: { show: isDotted === true, size: 5, fill: () => colour(name) },
            stroke: () => colour(name),
            ...(isFilled === true ? { fill: () => colour(name).replace(/^rgba?\(([^)]+)\)$/, 'rgb($1, 0.12)') } : {}),
          })),
        ],
        axes: [
          { ...axis(), size: 28, space: 76, values: (_plot, at) => at.map((seconds) => timeOfDay(1_000 * seconds).slice(0, 8)) },
          { ...axis(), size: 42 },
        ],
      },
      [[], ...lines.map(() => [])],
      place,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  }

  show(data: uPlotType.AlignedData): void {
    this.#plot.setData(data, false);
    const end = Date.now() / 1_000;
    this.#plot.setScale('x', { min: Math.max(end - SPAN_SECONDS, Math.min(data[0]?.[0] ?? end, end - LEAST_SECONDS)), max: end });
    this.#tell();
  }

  redraw(): void {
    this.#plot.redraw(true, true);
  }

  /** Tells the values under the pointer, or else the latest ones. */
  #tell(): void {
    const index = this.#plot.cursor.idx;
    this.#lines.forEach((_line, i) => {
      const values = this.#plot.data[i + 1] ?? [];
      const value = typeof index === 'number' ? values[index] : [...values].findLast((each) => typeof each === 'number');
      setText(this.#values[i] as HTMLElement, typeof value === 'number' ? `${value.toFixed(value < 10 ? 2 : 1)} ${this.#unit}` : '–');
    });
  }
}

const axis = (): uPlotType.Axis => ({
  stroke: () => colour('muted'),
  grid: { stroke: () => colour('line'), width: 1 },
  ticks: { show: false },
});

/**
 * The two plots; `undefined` if the file that draws them is missing. Then their place says so, and the rest
 * of the page works without them.
 */
export function makePlots(): Plots | undefined {
  const plots = typeof uPlot === 'undefined' ? undefined : attempt(() => new Plots());
  byId('plots').hidden = plots === undefined;
  byId('plots-missing').hidden = plots !== undefined;
  return plots;
}

/** The two plots, and their description for people who cannot see them. */
class Plots {
  readonly #ratio = new Plot(
    'ratio-plot',
    [
      { label: 'L1 + L2', colour: 'remote' },
      { label: 'L1', colour: 'local', isFilled: true },
    ],
    '%',
    () => [0, 100],
  );
  readonly #latency = new Plot(
    'latency-plot',
    [
      { label: 'Load', colour: 'miss', isDotted: true },
      { label: 'Eviction lag', colour: 'lag', isDotted: true },
    ],
    'ms',
    (max) => [0, Math.max(1, 1.15 * max)],
  );

  show({ samples }: History): void {
    const times = samples.map(({ at }) => at);
    this.#ratio.show([times, samples.map(({ hitPercent }) => hitPercent), samples.map(({ localPercent }) => localPercent)]);
    this.#latency.show([times, samples.map(({ loadMs }) => loadMs), samples.map(({ lagMs }) => lagMs)]);
    const last = samples.findLast(({ hitPercent }) => hitPercent !== null);
    if (last !== undefined) {
      const [hits, local] = [last.hitPercent ?? 0, last.localPercent ?? 0].map(Math.round);
      byId('ratio-plot').setAttribute('aria-label', `Hit ratio over time; latest: ${hits} %, of which the local tier ${local} %`);
    }
    const load = samples.findLast(({ loadMs }) => loadMs !== null)?.loadMs;
    if (load !== undefined && load !== null)
      byId('latency-plot').setAttribute('aria-label', `Latency over time; latest load: ${load.toFixed(1)} ms`);
  }

  /** After a change of theme. */
  redraw(): void {
    this.#ratio.redraw();
    this.#latency.redraw();
  }
}

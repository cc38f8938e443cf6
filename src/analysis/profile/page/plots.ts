import type { ColumnStatistics } from '../../../tabular/index.js';
import type { Association, MissingPatterns } from '../profile.types.js';
import { html, type Html } from './html.js';
import { cut, percent, shown, ticks, whole } from './numbers.js';

// Plots are drawn here, not by a library: these five shapes need no more than scales and ticks, and what
// makes SVG without a browser brings megabytes of code for them.

/** One figure for a picture: the text is told to those who do not see it. */
const picture = (width: number, height: number, title: string, content: readonly Html[]): Html =>
  html`<svg
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="${title}"
  >
    <title>${title}</title>
    ${content}
  </svg>`;

const round = (place: number): number => Number(place.toFixed(2));

const WIDTH = 560;
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 14, 8, 20];
const HEIGHT = 170;

interface Bar {
  from: number;
  to: number;
  count: number;
  label: string;
}

/** Where the bins of a histogram lie: numbers to scale; dates and times side by side. */
function barsOf({ kind, histogram }: ColumnStatistics): Bar[] {
  const isTime = kind === 'date' || kind === 'timestamp' || kind === 'time';
  // A whole number stands for the place half a step before it to half a step behind it.
  const step = kind === 'integer' ? 0.5 : 0;
  return (histogram ?? []).map(({ from, to, count }, place) => ({
    from: isTime ? place : Number(from) + (place === 0 ? -step : step),
    to: isTime ? place + 1 : Number(to) + step,
    count,
    label: `${shown(from)} to ${shown(to)}: ${whole(count)}`,
  }));
}

/** `null`: it has none, or one bar would be all of it. */
export function histogram(column: ColumnStatistics): Html | null {
  const bars = barsOf(column);
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last || bars.length < 2) return null;
  const most = Math.max(...bars.map((bar) => bar.count));
  const span = last.to - first.from;
  const x = (value: number): number =>
    round(LEFT + ((value - first.from) / span) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number =>
    round(HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM));
  const lines = ticks(0, most, 4).map(
    (value) =>
      html`<line
          class="axis"
          x1="${LEFT}"
          x2="${WIDTH - RIGHT}"
          y1="${y(value)}"
          y2="${y(value)}"
        /><text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${compact(value)}</text>`,
  );
  const drawn = bars.map(({ from, to, count, label }) => {
    const width = Math.max(x(to) - x(from) - 1, 0.5);
    return html`<rect
      class="bar"
      x="${x(from)}"
      y="${y(count)}"
      width="${round(width)}"
      height="${round(HEIGHT - BOTTOM - y(count))}"
      ><title>${label}</title></rect
    >`;
  });
  const labels = labelsOf(column, bars).map(
    ({ at, text, anchor }) =>
      html`<text x="${x(at)}" y="${HEIGHT - 5}" text-anchor="${anchor}">${text}</text>`,
  );
  const title = `Histogram of ${cut(column.name, 60)}: ${bars.length} bins, the fullest has ${whole(most)} rows`;
  return picture(WIDTH, HEIGHT, title, [...lines, ...drawn, ...labels]);
}

interface Label {
  at: number;
  text: string;
  anchor: 'start' | 'middle' | 'end';
}

function labelsOf({ kind, histogram: bins }: ColumnStatistics, bars: readonly Bar[]): Label[] {
  const [first, last] = [bars[0] as Bar, bars.at(-1) as Bar];
  if (kind === 'date' || kind === 'timestamp' || kind === 'time') {
    const middle = Math.floor((bins?.length ?? 0) / 2);
    return [
      { at: first.from, text: time(bins?.[0]?.from), anchor: 'start' },
      { at: middle, text: time(bins?.[middle]?.from), anchor: 'middle' },
      { at: last.to, text: time(bins?.at(-1)?.to), anchor: 'end' },
    ];
  }
  return ticks(first.from, last.to, 7).map((value) => ({
    at: value,
    text: compact(value),
    anchor: 'middle',
  }));
}

const time = (value: unknown): string => cut(String(value).replace('T', ' '), 19);

const compact = (value: number): string =>
  Math.abs(value) >= 1e4
    ? value.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 4 })
    : shown(value);

/** The same without axes, for a table. */
export function sparkline(column: ColumnStatistics): Html | null {
  const counts =
    column.histogram?.map(({ count }) => count) ??
    column.topValues.values.map(({ count }) => count);
  if (counts.length < 2) return null;
  const [width, height] = [120, 24];
  const most = Math.max(...counts);
  const step = width / counts.length;
  const bars = counts.map((count, place) => {
    const tall = Math.max((count / most) * height, count > 0 ? 1 : 0);
    return html`<rect
      class="${column.histogram ? 'bar' : 'soft'}"
      x="${round(place * step)}"
      y="${round(height - tall)}"
      width="${round(Math.max(step - 1, 0.5))}"
      height="${round(tall)}"
    />`;
  });
  const what = column.histogram ? 'Spread of its values' : 'Counts of its most frequent values';
  return picture(width, height, what, bars);
}

/** Least, quartiles and greatest, and between which values 90 % lie. */
export function boxPlot(column: ColumnStatistics): Html | null {
  const [min, max] = [Number(column.min), Number(column.max)];
  const of = (probability: number): number =>
    Number(column.quantiles?.values.find((one) => one.probability === probability)?.value);
  const [low, q1, median, q3, high] = [of(0.05), of(0.25), of(0.5), of(0.75), of(0.95)];
  if (![min, max, low, q1, median, q3, high].every(Number.isFinite) || min === max) return null;
  const step = column.kind === 'integer' ? 0.5 : 0;
  const x = (value: number): number =>
    round(LEFT + ((value - min + step) / (max - min + 2 * step)) * (WIDTH - LEFT - RIGHT));
  const title = `Quartiles of ${cut(column.name, 60)}: ${shown(q1)}, ${shown(median)}, ${shown(q3)}`;
  return picture(WIDTH, 26, title, [
    html`<line class="axis" x1="${x(min)}" x2="${x(max)}" y1="13" y2="13" />`,
    html`<line class="line" x1="${x(low)}" x2="${x(high)}" y1="13" y2="13" />`,
    html`<rect
      class="quartiles"
      x="${x(q1)}"
      y="5"
      width="${round(Math.max(x(q3) - x(q1), 1))}"
      height="16"
      rx="2"
    />`,
    html`<line class="line" x1="${x(median)}" x2="${x(median)}" y1="5" y2="21" />`,
    html`<text x="${LEFT - 6}" y="17" text-anchor="end">box</text>`,
  ]);
}

const LABEL_CHARACTERS = 18;

/** Each column against each: the stronger, the more colour; the figure stands in it where it fits. */
export function heatMap({ columns, pairs }: Association, what: string): Html {
  const size = columns.length <= 10 ? 44 : columns.length <= 16 ? 34 : 24;
  const [left, top] = [130, 104];
  const found = new Map(pairs.map(({ a, b, value }) => [JSON.stringify([a, b]), value]));
  const valueOf = (a: string, b: string): number | null =>
    a === b ? 1 : (found.get(JSON.stringify([a, b])) ?? found.get(JSON.stringify([b, a])) ?? null);
  const cells = columns.flatMap((a, row) =>
    columns.slice(0, row).map((b, place) => {
      const value = valueOf(a, b);
      const [x, y] = [left + place * size, top + (row - 1) * size];
      const fill = value === null ? 'none' : value < 0 ? 'neg' : 'pos';
      const opacity = value === null ? 1 : round(Math.abs(value));
      const text =
        size < 34 || value === null
          ? ''
          : html`<text
              class="strong"
              x="${x + size / 2}"
              y="${y + size / 2 + 4}"
              text-anchor="middle"
              >${value.toFixed(2).replace('-', '−')}</text
            >`;
      return html`<g
        ><title>
          ${cut(a, 60)} and ${cut(b, 60)}: ${value === null ? 'none' : value.toFixed(3)}</title
        ><rect
          class="none"
          x="${x}"
          y="${y}"
          width="${size - 2}"
          height="${size - 2}"
          rx="3"
        /><rect
          class="${fill}"
          fill-opacity="${opacity}"
          x="${x}"
          y="${y}"
          width="${size - 2}"
          height="${size - 2}"
          rx="3"
        />${text}</g
      >`;
    }),
  );
  const side = (columns.length - 1) * size;
  return picture(left + side + 80, top + side + 4, `${what} of ${columns.length} columns`, [
    ...cells,
    ...heatLabels(columns, { size, left, top }),
  ]);
}

function heatLabels(
  columns: readonly string[],
  { size, left, top }: { size: number; left: number; top: number },
): Html[] {
  const rows = columns
    .slice(1)
    .map(
      (name, row) =>
        html`<text
          class="strong"
          x="${left - 8}"
          y="${top + row * size + size / 2 + 3}"
          text-anchor="end"
          >${cut(name, LABEL_CHARACTERS)}</text
        >`,
    );
  const heads = columns.slice(0, -1).map((name, place) => {
    const [x, y] = [left + place * size + size / 2, top - 8];
    return html`<text class="strong" transform="translate(${x} ${y}) rotate(-40)"
      >${cut(name, LABEL_CHARACTERS)}</text
    >`;
  });
  return [...rows, ...heads];
}

/** Which cells are missing together: a row for each combination, filled where something is missing. */
export function missingMatrix({ columns, patterns }: MissingPatterns): Html {
  const size = columns.length <= 24 ? 22 : 14;
  const [left, top, line] = [8, 96, 22];
  const side = columns.length * size;
  const most = Math.max(...patterns.map(({ count }) => count), 1);
  const heads = columns.map((name, place) => {
    const x = left + place * size + size / 2;
    return html`<text class="strong" transform="translate(${x} ${top - 8}) rotate(-50)"
      >${cut(name, LABEL_CHARACTERS)}</text
    >`;
  });
  const rows = patterns.map(({ missing, count, share }, row) => {
    const y = top + row * line;
    const gone = new Set(missing);
    const cells = columns.map(
      (name, place) =>
        html`<rect
          class="${gone.has(name) ? 'gap' : 'none'}"
          x="${left + place * size}"
          y="${y}"
          width="${size - 3}"
          height="${line - 4}"
          rx="2"
        />`,
    );
    const x = left + side + 12;
    const width = round(Math.max((count / most) * 120, 1));
    const label = missing.length === 0 ? 'nothing missing' : `missing: ${missing.length}`;
    return html`<g
      ><title>${label}, ${whole(count)} rows</title>${cells}<rect
        class="bar"
        x="${x}"
        y="${y + 2}"
        width="${width}"
        height="${line - 8}"
        rx="2"
      /><text class="strong" x="${x + width + 6}" y="${y + 13}"
        >${whole(count)} (${percent(share)})</text
      ></g
    >`;
  });
  const title = `Combinations of missing values in ${columns.length} columns`;
  const width = Math.max(left + side + 280, 320);
  return picture(width, top + patterns.length * line + 4, title, [...heads, ...rows]);
}

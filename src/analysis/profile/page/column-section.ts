import type { ColumnStatistics } from '../../../tabular/index.js';
import type { ProfiledColumn, Warning } from '../profile.types.js';
import { bdi, html, type Html } from './html.js';
import { cut, percent, shown, whole } from './numbers.js';
import { boxPlot, histogram } from './plots.js';

const VALUE_CHARACTERS = 120;

export const meter = (share: number, kind: 'bar' | 'gap' = 'bar'): Html => {
  const width = Number((share * 100).toFixed(2));
  return html`<span class="meter ${kind}" aria-hidden="true"
    ><i style="width:${width}%"></i
  ></span>`;
};

export const badge = ({ severity }: Warning): Html =>
  html`<span class="badge ${severity}">${severity}</span>`;

/** A column by itself: its figures, its plots, and what was remarked about it. */
export function columnSection(
  column: ProfiledColumn,
  place: number,
  rowCount: number,
  warnings: readonly Warning[],
): Html {
  const remarks = warnings.map((one) => html`<li>${badge(one)} ${one.detail}</li>`);
  return html`<article class="card" id="column-${place}" aria-labelledby="name-${place}">
    <header>
      <h3 id="name-${place}">${bdi(column.name)}</h3>
      <span class="kind">${column.kind}</span><code class="dim">${cut(column.type, 80)}</code>
    </header>
    ${
      remarks.length > 0
        ? html`<ul>
            ${remarks}
          </ul>`
        : ''
    }
    <div class="body">
      <table>
        <caption>
          Figures
        </caption>
        <tbody>
          ${figuresOf(column).map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="n">${value}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <div class="plots">${plotsOf(column)}${topValues(column, rowCount)}</div>
    </div>
  </article> `;
}

type Figure = [name: string, value: string];

function figuresOf(column: ProfiledColumn): Figure[] {
  const { nulls, distinct, details } = column;
  const figures: Figure[] = [
    ['Missing', `${whole(nulls.count)} (${percent(nulls.share)})`],
    ['Different values', `${distinct.exactly === 'exact' ? '' : '≈ '}${whole(distinct.value)}`],
  ];
  if (column.kind !== 'string') figures.push(...ranges(column));
  if (details.zeros)
    figures.push(['Zeros', `${whole(details.zeros.count)} (${percent(details.zeros.share)})`]);
  if (details.skewness !== null) figures.push(['Skewness', shown(details.skewness)]);
  figures.push(...nonFiniteOf(column), ...textsOf(column));
  return figures;
}

function nonFiniteOf({ nonFinite }: ColumnStatistics): Figure[] {
  if (!nonFinite) return [];
  const infinite = nonFinite.positiveInfinity + nonFinite.negativeInfinity;
  const all: [string, number][] = [
    ['NaN', nonFinite.nan],
    ['Infinite', infinite],
  ];
  return all.filter(([, count]) => count > 0).map(([name, count]) => [name, whole(count)]);
}

function textsOf({ lengths, details: { texts } }: ProfiledColumn): Figure[] {
  const figures: Figure[] = [];
  if (lengths) {
    const unit = lengths.unit === 'characters' ? 'Length' : `Length (${lengths.unit})`;
    figures.push([unit, `${shown(lengths.min)} to ${shown(lengths.max)}`]);
    figures.push(['Mean length', shown(Number(lengths.mean.toFixed(2)))]);
  }
  if (texts && texts.empty > 0) figures.push(['Empty', whole(texts.empty)]);
  if (texts && texts.placeholders > 0) figures.push(['Placeholders', whole(texts.placeholders)]);
  return figures;
}

function ranges(column: ColumnStatistics): Figure[] {
  const about = column.quantiles?.exactly === 'estimated' ? '≈ ' : '';
  const quantile = (probability: number): string =>
    `${about}${shown(column.quantiles?.values.find((one) => one.probability === probability)?.value ?? null)}`;
  const all: [string, string | null][] = [
    ['Least', column.min === null ? null : shown(column.min)],
    ['First quartile', column.quantiles && quantile(0.25)],
    ['Median', column.quantiles && quantile(0.5)],
    ['Third quartile', column.quantiles && quantile(0.75)],
    ['Greatest', column.max === null ? null : shown(column.max)],
    ['Mean', column.mean === null ? null : shown(column.mean)],
    ['Deviation', column.std === null ? null : shown(column.std)],
  ];
  return all.filter((one): one is Figure => one[1] !== null);
}

function plotsOf(column: ColumnStatistics): Html[] {
  const plot = histogram(column);
  if (!plot) return [];
  const box = ['integer', 'float', 'decimal'].includes(column.kind) ? boxPlot(column) : null;
  return [html`<div>${plot}${box}</div>`];
}

/** Of numbers and times only where they have few values: a histogram says more of many. */
function topValues(column: ColumnStatistics, rowCount: number): Html | null {
  const { topValues: top, histogram: bins, distinct } = column;
  if (top.values.length === 0 || (bins && bins.length > 1 && distinct.value > 10)) return null;
  const most = Math.max(...top.values.map(({ count }) => count));
  const present = rowCount - column.nulls.count;
  const rest = present - top.values.reduce((sum, { count }) => sum + count, 0);
  const rows = top.values.map(
    ({ value, truncated, count }) =>
      html`<tr>
        <th scope="row" class="value">${valueOf(value, truncated)}</th>
        <td class="n">${whole(count)}</td>
        <td class="n">${percent(rowCount === 0 ? 0 : count / rowCount)}</td>
        <td>${meter(count / most)}</td>
      </tr>`,
  );
  const others =
    rest > 0
      ? html`<tr>
          <th scope="row" class="dim">all others</th>
          <td class="n">${whole(rest)}</td>
          <td class="n">${percent(rest / rowCount)}</td>
          <td></td>
        </tr>`
      : null;
  const about = top.exactly === 'estimated' ? ' (those found in a sample)' : '';
  return html`<table>
    <caption>
      Most frequent values${about}
    </caption>
    <thead>
      <tr>
        <th scope="col">Value</th>
        <th scope="col" class="n">Rows</th>
        <th scope="col" class="n">Share</th>
        <th scope="col"><span aria-hidden="true"></span></th>
      </tr>
    </thead>
    <tbody>
      ${rows}${others}
    </tbody>
  </table>`;
}

function valueOf(value: string | number | boolean, truncated: boolean): Html {
  if (value === '') return html`<span class="dim">(empty)</span>`;
  const text = typeof value === 'string' ? value : shown(value);
  return bdi(truncated ? `${cut(text, VALUE_CHARACTERS)}…` : cut(text, VALUE_CHARACTERS));
}

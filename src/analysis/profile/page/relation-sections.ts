import type { Association, Profile } from '../profile.types.js';
import { columnLink } from './column-links.js';
import { bdi, html, type Html } from './html.js';
import { cut, percent, whole } from './numbers.js';
import { heatMap } from './plots.js';

const STRONGEST = 12;

export function correlations({ correlations: all }: Profile): Html {
  const { pearson, spearman, cramersV, basis } = all;
  if (pearson.pairs.length + cramersV.pairs.length === 0)
    return html`<p>
      There are no two columns that could go together: numbers, or texts with few values.
    </p>`;
  const rows =
    basis.exactly === 'exact'
      ? ''
      : html`<p>
          Worked out on ${whole(basis.rows)} rows, chosen by a hash of their places: a correlation
          may be off by about ${(2 / Math.sqrt(basis.rows)).toFixed(3)}.
        </p>`;
  return html`${rows}
    <div class="two">
      ${heatFigure(pearson, 'Pearson’s correlation', 'of numbers: how near their pairs lie to a straight line')}${heatFigure(spearman, 'Spearman’s correlation', 'the same of ranks: whether one grows with the other')}${heatFigure(cramersV, 'Cramér’s V', 'of columns with few values: how far one tells the other')}
    </div>
    ${strongest(all)}`;
}

function heatFigure(association: Association, name: string, what: string): Html | null {
  if (association.pairs.length === 0) return null;
  const cut =
    association.leftOut > 0
      ? ` Of the first ${association.columns.length} columns; ${association.leftOut} more were left out.`
      : '';
  return html`<figure>
    <figcaption>${name}, ${what}.${cut}</figcaption>
    <div class="scroll">${heatMap(association, name)}</div>
  </figure>`;
}

function strongest({ pearson, spearman, cramersV }: Profile['correlations']): Html | null {
  const all = [
    ...pearson.pairs.map((pair) => ({ ...pair, method: 'Pearson' })),
    ...spearman.pairs.map((pair) => ({ ...pair, method: 'Spearman' })),
    ...cramersV.pairs.map((pair) => ({ ...pair, method: 'Cramér’s V' })),
  ].filter(({ value }) => value !== null && Math.abs(value) >= 0.3);
  const first = all
    .sort((one, other) => Math.abs(other.value ?? 0) - Math.abs(one.value ?? 0))
    .slice(0, STRONGEST);
  if (first.length === 0) return html`<p>No two columns go together by 0.3 or more.</p>`;
  const rows = first.map(
    ({ a, b, value, rows: count, method }) =>
      html`<tr>
        <td>${bdi(cut(a, 60))}</td>
        <td>${bdi(cut(b, 60))}</td>
        <td>${method}</td>
        <td class="n">${value?.toFixed(3).replace('-', '−')}</td>
        <td class="n">${whole(count)}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <caption>
        The strongest of them
      </caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">with</th>
          <th scope="col">by</th>
          <th scope="col" class="n">is</th>
          <th scope="col" class="n">in rows</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

export function keysAndDuplicates({ keys, duplicates, columns, source }: Profile): Html {
  const found = keys.keys.map(
    (names) =>
      html`<li>
        ${names.map((name, place) => [place > 0 ? ' with ' : '', columnLink(columns, name)])}
      </li>`,
  );
  const tried =
    keys.tried.length > 1 ? html` ${keys.tried.length} columns were also tried together.` : '';
  const likely =
    found.length > 0
      ? html`<p>These tell all rows apart and are never missing:</p>
          <ul>
            ${found}
          </ul>`
      : html`<p>No column tells all rows apart.${tried}</p>`;
  if (duplicates.count === 0)
    return html`${likely}
      <p>No row is there twice.</p>`;
  const isOneFile = source.files.length === 1;
  const rows = duplicates.examples.map(
    ({ rows: count, file, rowIndex, cells }) =>
      html`<tr>
        <td class="n">${whole(count)}</td>
        <td class="n">${isOneFile ? '' : `${file}: `}${whole(rowIndex)}</td>
        ${cells.slice(0, 6).map((cell) => html`<td class="value">${cell === null ? html`<span class="dim">null</span>` : bdi(cut(cell, 40))}</td>`)}
      </tr>`,
  );
  return html`${likely}
    <p>
      ${whole(duplicates.count)} rows (${percent(duplicates.share)}) repeat an earlier one;
      ${whole(duplicates.groups)} different rows are there more than once.
    </p>
    <div class="scroll">
      <table>
        <caption>
          The most repeated
        </caption>
        <thead>
          <tr>
            <th scope="col" class="n">Times</th>
            <th scope="col" class="n">First at row</th>
            ${duplicates.shownColumns.slice(0, 6).map((name) => html`<th scope="col">${bdi(cut(name, 40))}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

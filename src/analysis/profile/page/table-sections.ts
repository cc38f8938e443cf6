import type { Profile, ProfiledColumn } from '../profile.types.js';
import { badge, meter } from './column-section.js';
import { columnLink, SHOWN_COLUMNS } from './column-links.js';
import { html, type Html } from './html.js';
import { bytes, percent, whole } from './numbers.js';
import { missingMatrix, sparkline } from './plots.js';

export function tiles({
  rowCount,
  columns,
  missingCells,
  duplicates,
  source,
  warnings: all,
}: Profile): Html {
  const size = source.files.reduce((sum, file) => sum + file.size, 0);
  const found = all.filter(({ severity }) => severity === 'warning').length;
  const files = source.files.length === 1 ? '' : `${whole(source.files.length)} files`;
  const facts: [string, string, string][] = [
    ['Rows', whole(rowCount), files],
    ['Columns', whole(columns.length), kindsOf(columns)],
    ['Missing cells', percent(missingCells.share), whole(missingCells.count)],
    ['Duplicate rows', whole(duplicates.count), percent(duplicates.share)],
    ['Warnings', whole(found), `${whole(all.length - found)} notes`],
    ['Size', bytes(size), ''],
  ];
  return html`<dl class="tiles">
    ${facts.map(
      ([name, value, more]) =>
        html`<div class="tile">
          <dt>${name}</dt>
          <dd>${value}${more === '' ? '' : html` <small>${more}</small>`}</dd>
        </div>`,
    )}
  </dl>`;
}

function kindsOf(columns: readonly ProfiledColumn[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of columns) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

export function warnings({ warnings: all, columns }: Profile): Html {
  if (all.length === 0) return html`<p>There is nothing to warn of.</p>`;
  const rows = all.map(
    (one) =>
      html`<tr>
        <td>${badge(one)}</td>
        <td>
          ${one.columns.map((name, place) => [place > 0 ? ', ' : '', columnLink(columns, name)])}${one.columns.length === 0 ? html`<span class="dim">the table</span>` : ''}
        </td>
        <td>${one.detail}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Kind</th>
          <th scope="col">Column</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

export function overview({ columns }: Profile): Html {
  const rows = columns.slice(0, SHOWN_COLUMNS).map(
    (column) =>
      html`<tr>
        <th scope="row">${columnLink(columns, column.name)}</th>
        <td><span class="kind">${column.kind}</span></td>
        <td class="n">
          ${column.distinct.exactly === 'exact' ? '' : '≈ '}${whole(column.distinct.value)}
        </td>
        <td class="n">${percent(column.nulls.share)}</td>
        <td>${meter(column.nulls.share, 'gap')}</td>
        <td>${sparkline(column)}</td>
      </tr>`,
  );
  return html`${leftOutColumns(columns)}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Kind</th>
            <th scope="col" class="n">Different values</th>
            <th scope="col" class="n">Missing</th>
            <th scope="col"><span aria-hidden="true"></span></th>
            <th scope="col">Spread, or the most frequent</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

export const leftOutColumns = (columns: readonly ProfiledColumn[]): Html | null =>
  columns.length > SHOWN_COLUMNS
    ? html`<p>
        The first ${SHOWN_COLUMNS} of ${whole(columns.length)} columns are shown;
        <code>profile.json</code> has them all.
      </p>`
    : null;

export function missing({ missing: found, rowCount }: Profile): Html {
  if (found.columns.length === 0) return html`<p>No value is missing.</p>`;
  const more = found.patternCount - found.patterns.length;
  return html`<p>
      ${whole(found.completeRows.count)} of ${whole(rowCount)} rows
      (${percent(found.completeRows.share)}) have a value in
      ${found.leftOut > 0 ? 'each of these columns' : 'every column'}.${found.leftOut > 0 ? ` The ${found.columns.length} columns that miss most are looked at; ${found.leftOut} more miss something.` : ''}
    </p>
    <figure>
      <figcaption>
        Combinations of missing values: each line is one of them, filled where the value is
        missing.${more > 0 ? ` ${whole(more)} rarer ones are not shown.` : ''}
      </figcaption>
      <div class="scroll">${missingMatrix(found)}</div>
    </figure>`;
}

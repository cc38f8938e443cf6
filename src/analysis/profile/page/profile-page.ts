import type { Association, Profile, ProfiledColumn } from '../profile.types.js';
import { badge, columnSection, meter } from './column-section.js';
import { bdi, html, type Html } from './html.js';
import { bytes, cut, percent, whole } from './numbers.js';
import { heatMap, missingMatrix, sparkline } from './plots.js';
import { STYLES } from './styles.js';
import { Html as Markup } from './html.js';

/** Columns that have a section of their own. */
export const SHOWN_COLUMNS = 200;
const STRONGEST = 12;

/**
 * The profile as one page that needs nothing else: no script, no font, no image from elsewhere. Its policy
 * forbids all of it once more, should a browser see it other than we do.
 */
export function profilePage(profile: Profile): string {
  const { source, columns } = profile;
  const name = fileName(source.path);
  const sections = sectionsOf(profile);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Profile of ${name}</title>
        <style>
          ${new Markup(STYLES)}
        </style>
      </head>
      <body>
        <div class="page">
          <header>
            <h1>Profile of ${bdi(name)}</h1>
            <p class="dim">
              ${bdi(source.path)} in version ${source.versionNumber} of dataset
              <code>${source.datasetId}</code>
            </p>
            ${tiles(profile)}
          </header>
          <nav aria-label="Contents">
            <ol>
              ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a>${id === 'columns' ? contents(columns) : ''}</li>`)}
            </ol>
          </nav>
          <main>
            ${sections.map(
              ({ id, title, content, isNewPage }) =>
                html`<section
                  id="${id}"
                  aria-labelledby="${id}-title"
                  ${isNewPage ? html` class="new-page"` : ''}
                >
                  <h2 id="${id}-title">${title}</h2>
                  ${content}
                </section> `,
            )}
          </main>
        </div>
      </body>
    </html> `.text;
}

const fileName = (path: string): string =>
  path.split('/').findLast((segment) => segment !== '') ?? path;

interface Section {
  id: string;
  title: string;
  content: Html;
  isNewPage?: boolean;
}

function sectionsOf(profile: Profile): Section[] {
  return [
    { id: 'warnings', title: 'Warnings', content: warnings(profile) },
    { id: 'overview', title: 'Overview', content: overview(profile) },
    { id: 'missing', title: 'Missing values', content: missing(profile) },
    { id: 'correlations', title: 'Correlations', content: correlations(profile) },
    { id: 'keys', title: 'Keys and duplicates', content: keysAndDuplicates(profile) },
    { id: 'columns', title: 'Columns', content: columnSections(profile), isNewPage: true },
    { id: 'about', title: 'About this page', content: about(profile) },
  ];
}

const contents = (columns: readonly ProfiledColumn[]): Html =>
  html`<ol>
    ${columns.slice(0, SHOWN_COLUMNS).map(({ name }, place) => html`<li><a href="#column-${place}">${bdi(cut(name, 60))}</a></li>`)}
  </ol>`;

function tiles({
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

const columnLink = (columns: readonly ProfiledColumn[], name: string): Html => {
  const place = columns.findIndex((column) => column.name === name);
  const shown = bdi(cut(name, 60));
  return place >= 0 && place < SHOWN_COLUMNS
    ? html`<a href="#column-${place}">${shown}</a>`
    : shown;
};

function warnings({ warnings: all, columns }: Profile): Html {
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

function overview({ columns }: Profile): Html {
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

const leftOutColumns = (columns: readonly ProfiledColumn[]): Html | null =>
  columns.length > SHOWN_COLUMNS
    ? html`<p>
        The first ${SHOWN_COLUMNS} of ${whole(columns.length)} columns are shown;
        <code>profile.json</code> has them all.
      </p>`
    : null;

function missing({ missing: found, rowCount }: Profile): Html {
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

function correlations({ correlations: all }: Profile): Html {
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

function keysAndDuplicates({ keys, duplicates, columns, source }: Profile): Html {
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

const columnSections = ({ columns, rowCount, warnings: all }: Profile): Html =>
  html`${leftOutColumns(columns)}${columns.slice(0, SHOWN_COLUMNS).map((column, place) =>
    columnSection(
      column,
      place,
      rowCount,
      all.filter((one) => one.columns.includes(column.name)),
    ),
  )}`;

function about({ source, engineVersion }: Profile): Html {
  const files = source.files.slice(0, 20).map(
    ({ path, sha256 }) =>
      html`<tr>
        <th scope="row">${bdi(path)}</th>
        <td><code>${sha256}</code></td>
      </tr>`,
  );
  const more = source.files.length - files.length;
  return html`<p>
      Made by Stratum with <code>${engineVersion}</code> from version
      <code>${source.versionId}</code>. The same bytes give the same page. What is not exact says ≈
      before it, and <code>profile.json</code> by how much.
    </p>
    <div class="scroll">
      <table>
        <caption>
          SHA-256 of what was read${more > 0 ? `, and of ${whole(more)} more files` : ''}
        </caption>
        <tbody>
          ${files}
        </tbody>
      </table>
    </div>`;
}

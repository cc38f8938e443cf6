import type { Profile, ProfiledColumn } from '../profile.types.js';
import { SHOWN_COLUMNS } from './column-links.js';
import { columnSection } from './column-section.js';
import { bdi, Html, html } from './html.js';
import { cut, whole } from './numbers.js';
import { correlations, keysAndDuplicates } from './relation-sections.js';
import { STYLES } from './styles.js';
import { leftOutColumns, missing, overview, tiles, warnings } from './table-sections.js';

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
          ${new Html(STYLES)}
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

import { send } from '../lib/http.mjs';
import { pathOf } from '../lib/datasets.mjs';
import { manyFiles } from '../lib/many-files.mjs';
import { cursorAt, lastAgainstFirst, PAGE } from '../lib/paging.mjs';

/** The first page of the files of a version against the last one, with many files. */
export async function run({ workspace, options, log }) {
  const runs = options.runs ?? (options.quick ? 20 : 100);
  const place = await manyFiles({ workspace, options, log });
  const total = place.files.toLocaleString('en');
  const lists = [
    { version: place.versions.base, delimiter: null, what: `files of ${total}` },
    { version: place.versions.base, delimiter: '/', what: `folders of ${total} files` },
    { version: place.versions.layered, delimiter: null, what: `files of ${total} in layers` },
    { version: place.versions.layered, delimiter: '/', what: `folders of ${total} in layers` },
  ];
  const rows = [];
  for (const list of lists) {
    const ends = await endsOf(place, list);
    rows.push(await lastAgainstFirst(place.service, ends, { what: list.what, runs }));
  }
  return rows;
}

/** The addresses of the first and the last page. */
async function endsOf({ service, dataset, files }, { version, delimiter }) {
  const base = `${service.url}/v1/datasets/${dataset.id}/versions/${version}`;
  const { id: versionId } = await get(service, base);
  const scope = { datasetId: dataset.id, ref: String(version), prefix: '', delimiter };
  const cursor = (path) =>
    cursorAt({ version: versionId, path, isFolder: path.endsWith('/') }, 'version-files', scope);
  const list = `${base}/files?${delimiter === null ? '' : 'delimiter=/&'}limit=`;
  // A few pages before the end, from where the rest is read to find the last page.
  const near = pathOf(files - 4 * PAGE);
  const start = delimiter === null ? near : folderOf(files - 400 * PAGE);
  const rest = await get(service, `${list}1000&cursor=${await cursor(start)}`);
  if (rest.nextCursor !== null) throw new Error('That is not the end of the list.');
  const before = rest.items.at(-PAGE - 1).path;
  return { first: `${list}${PAGE}`, last: `${list}${PAGE}&cursor=${await cursor(before)}` };
}

const folderOf = (n) => pathOf(Math.max(n, 0)).replace(/[^/]+$/, '');

const get = async ({ headers }, url) =>
  JSON.parse((await send(url, { headers, expected: 200 })).body);

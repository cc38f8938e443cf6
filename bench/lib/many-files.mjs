import { startPostgres, startService } from './programs.mjs';
import { commit, pathOf, uploadSmall } from './datasets.mjs';
import { seedVersion } from './seed-datasets.mjs';

/** Changes between version 1 and version 2. */
export const DIFFERENCES = 100;
const places = new WeakMap();

/**
 * A dataset with very many files in version 1, a hundred differences to it in version 2, and in
 * version 3 every size of layer on top of each other. Seeding takes a minute, so the parts of a run
 * share it; it ends with the workspace.
 */
export async function manyFiles({ workspace, options, log }) {
  if (!places.has(workspace)) places.set(workspace, await seed({ workspace, options, log }));
  return places.get(workspace);
}

async function seed({ workspace, options, log }) {
  const files = options.quick ? 20_000 : 1_000_000;
  const { url: databaseUrl } = await startPostgres(workspace);
  const settings = { DATABASE_URL: databaseUrl, STRATUM_DATA_DIR: workspace.folder('service') };
  const service = await startService(workspace, settings);
  log(`seeding a version of ${files.toLocaleString('en')} files`);
  const dataset = await seedVersion(service, databaseUrl, files);
  const fileIds = await uploadSmall(service, DIFFERENCES);
  await commit(service, dataset.id, differences(files, fileIds));
  // Each a level below the one before: none is merged, as after a long life.
  const commits = [50, 500, 5000, 50_000].map((part) => files / part).filter((puts) => puts > 1);
  for (const puts of commits) await commit(service, dataset.id, scattered(files, puts, fileIds));
  const versions = { base: 1, changed: 2, layered: 2 + commits.length };
  return { databaseUrl, service, settings, dataset, files, versions };
}

/** A quarter each of added, removed, changed and moved, all over the paths. */
function differences(files, fileIds) {
  const at = (n) => pathOf(Math.floor((n * files) / DIFFERENCES) + 1);
  return fileIds.map((fileId, n) => {
    const path = at(n);
    if (n % 4 === 0) return { op: 'put', path: `${path}.added`, fileId };
    if (n % 4 === 1) return { op: 'delete', path };
    if (n % 4 === 2) return { op: 'put', path, fileId };
    return { op: 'move', from: path, path: `${path}.moved` };
  });
}

const scattered = (files, puts, fileIds) =>
  Array.from({ length: puts }, (_, n) => ({
    op: 'put',
    path: `${pathOf(Math.floor((n * files) / puts))}.v${puts}`,
    fileId: fileIds[n % fileIds.length],
  }));

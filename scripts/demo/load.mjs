/** Where a dataset tells that it came from here, so that no other of the same name is touched. */
const MADE_BY = 'npm run demo';

/**
 * Makes a dataset with its versions, or those that are missing. Resolves with what was done, in words,
 * and whether the dataset is the demo's.
 */
export async function loadDataset(client, dataset, progress) {
  const { slug, versions } = dataset;
  const there = await client.find(`/v1/datasets/${slug}`);
  if (there && there.metadata.madeBy !== MADE_BY) {
    return { dataset, isOurs: false, said: 'is another dataset of that name; left as it is' };
  }
  const had = there?.latestVersion ?? 0;
  for (const [index, version] of versions.entries()) {
    const number = index + 1;
    if (number > had) await loadVersion(client, dataset, { number, version });
    const what = `${slug}, version ${number}${number > had ? '' : ': is there already'}`;
    progress.done(what, sizeOf(version));
  }
  return { dataset, isOurs: true, said: inWords(had, versions.length) };
}

function inWords(had, wanted) {
  if (had >= wanted) return 'is there already; nothing to do';
  if (had > 0) return `completed: versions ${had + 1} to ${wanted}`;
  return wanted === 1 ? 'loaded: one version' : `loaded: ${wanted} versions`;
}

async function loadVersion(client, dataset, { number, version }) {
  const changes = await changesOf(client, version);
  if (number > 1) {
    const body = { message: version.message, parent: number - 1, changes };
    return await client.post(`/v1/datasets/${dataset.slug}/versions`, body);
  }
  const { slug, name, description, tags, metadata } = dataset;
  return await client.post('/v1/datasets', {
    slug,
    name,
    description,
    tags,
    metadata: { ...metadata, madeBy: MADE_BY },
    files: changes.map(({ op: _, ...file }) => file),
  });
}

/** Tags, and branches with a commit of their own. */
export async function loadRefs(client, { slug, tags: _, marks, branches }, progress) {
  const refs = `/v1/datasets/${slug}/refs`;
  for (const { name, version } of marks) {
    const there = await client.find(`${refs}/${name}`);
    if (!there) await client.make(`${refs}/${name}`, { version, kind: 'tag' });
  }
  for (const { name, version, ...commit } of branches) {
    const there =
      (await client.find(`${refs}/${name}`)) ??
      (await client.make(`${refs}/${name}`, { version, kind: 'branch' }));
    // Once it has moved, its commit is there.
    if (there.versionNumber === version) {
      const changes = await changesOf(client, commit);
      const body = { branch: name, message: commit.message, parent: version, changes };
      await client.post(`/v1/datasets/${slug}/versions`, body);
    }
    progress.done(`${slug}, branch ${name}`, sizeOf(commit));
  }
}

async function changesOf(client, { puts, moves = {} }) {
  const changes = Object.entries(moves).map(([from, path]) => ({ op: 'move', from, path }));
  for (const [path, content] of Object.entries(puts)) {
    changes.push({ op: 'put', path, fileId: await client.fileOf(content) });
  }
  return changes;
}

const sizeOf = ({ puts }) => Object.values(puts).reduce((sum, { bytes }) => sum + bytes.length, 0);

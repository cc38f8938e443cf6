import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { IStorageBackend } from '../../src/core/contracts/storage-backend.contract.js';
import { GC_MARKS_PREFIX } from '../../src/storage/gc/marks.js';
import type { TestDatabase } from './database.js';

export interface FoundObject {
  sha256: string;
  size: number;
}

/** What is physically stored, found without the code under test where that is possible. */
export interface ObjectStore {
  objects(): Promise<Map<string, FoundObject>>;
  staged(): Promise<string[]>;
}

/** The folder of the local backend, read with the file system alone. */
export function diskStore(root: string): ObjectStore {
  const filesIn = async (folder: string): Promise<string[]> =>
    (await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return {
    objects: async () => {
      const objects = new Map<string, FoundObject>();
      for (const path of await filesIn('blobs')) {
        objects.set(path, await fingerprint(createReadStream(join(root, path))));
      }
      return objects;
    },
    staged: () => filesIn('.staging'),
  };
}

/** A backend whose bytes only it can reach. */
export const backendStore = (backend: IStorageBackend): ObjectStore => ({
  objects: async () => {
    const objects = new Map<string, FoundObject>();
    for await (const { path } of backend.listFiles('')) {
      // The collector's own marks belong to no file.
      if (path.startsWith(GC_MARKS_PREFIX)) continue;
      objects.set(path, await fingerprint(await backend.readStream(path)));
    }
    return objects;
  },
  staged: () => Array.fromAsync(backend.listStaged()),
});

async function fingerprint(content: AsyncIterable<unknown>): Promise<FoundObject> {
  const hash: Hash = createHash('sha256');
  let size = 0;
  await pipeline(content, async (source) => {
    for await (const chunk of source) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  });
  return { sha256: hash.digest('hex'), size };
}

interface FileRow {
  id: number;
  content_hash: string;
  size_bytes: string;
  storage_key: string;
  reference_count: string;
  counted: string;
  health: string;
}

/**
 * Every breach of the invariants of storage, in words; none is an empty list. `quiet`: nothing is
 * running and the collector has nothing left to do, so no intent and no staged byte may be left.
 */
export async function breaches(
  database: TestDatabase,
  store: ObjectStore,
  { quiet = true } = {},
): Promise<string[]> {
  const rows = await database.query<FileRow>(
    `SELECT f.id, f.content_hash, f.size_bytes, f.storage_key, f.reference_count, f.health,
            (SELECT count(*) FROM file_references r WHERE r.file_id = f.id) AS counted
     FROM files f ORDER BY f.id`,
  );
  const intents = await database.query<{ kind: string; storage_key: string }>(
    'SELECT kind, storage_key FROM storage_intents',
  );
  const objects = await store.objects();
  const found = rows.flatMap((row) => breachesOfRow(row, objects.get(row.storage_key)));
  const hashes = new Set(rows.map((row) => row.content_hash));
  if (hashes.size < rows.length) found.push('two files have the same content');
  const named = new Set([...rows, ...intents].map((row) => row.storage_key));
  for (const path of objects.keys()) if (!named.has(path)) found.push(`${path} is named by no row`);
  if (!quiet) return found;
  for (const { kind, storage_key } of intents)
    found.push(`the ${kind} intent of ${storage_key} is left`);
  for (const path of await store.staged()) found.push(`${path} is left in staging`);
  return found;
}

function breachesOfRow(row: FileRow, object: FoundObject | undefined): string[] {
  const found: string[] = [];
  const name = `file ${row.id} (${row.health})`;
  if (row.reference_count !== row.counted) {
    found.push(`${name} counts ${row.reference_count} references and has ${row.counted}`);
  }
  // What is known to be lost or damaged is no lie.
  if (row.health === 'missing' || row.health === 'corrupt') return found;
  if (!object) found.push(`${name} has no object`);
  else if (object.sha256 !== row.content_hash) found.push(`${name} has the bytes of another hash`);
  else if (String(object.size) !== row.size_bytes) found.push(`${name} has another size`);
  return found;
}

const MAX_TURNS = 20;

/**
 * Lets the collector finish: every lease runs out, every delay is over, and it takes turns until
 * nothing is due. The collector must have a grace of zero; nothing else may run meanwhile.
 */
export async function quiesce(database: TestDatabase, turn: () => Promise<unknown>): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS; turns += 1) {
    await database.query(
      `UPDATE storage_intents
       SET lease_until = CASE WHEN kind = 'write' THEN now() - interval '1 second' END,
           not_before = now() - interval '1 second'`,
    );
    await turn();
    const [left] = await database.query<{ count: number }>(
      `SELECT (SELECT count(*) FROM storage_intents)::int
            + (SELECT count(*) FROM files WHERE reference_count = 0)::int AS count`,
    );
    if (left?.count === 0) return;
  }
  throw new Error(`The collector still has work after ${MAX_TURNS} turns.`);
}

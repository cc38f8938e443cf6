import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { TestDatabase } from './database.js';

/** The parts of a running application in which a request could leave something behind. */
export interface Inspected {
  database: TestDatabase;
  env: { STRATUM_DATA_DIR: string };
}

/** Everything that requests have left: rows by table, files under the storage folder. */
export interface Traces {
  files: number;
  references: number;
  intents: number;
  /** Idempotency keys that nobody has answered for. */
  claims: number;
  objects: string[];
}

const NOTHING: Traces = { files: 0, references: 0, intents: 0, claims: 0, objects: [] };

/** A roll-back goes on after the answer, or after the connection broke. */
const SETTLE_MS = 3_000;

export async function traces({ database, env }: Inspected): Promise<Traces> {
  const [counts] = await database.query<Omit<Traces, 'objects'>>(
    `SELECT (SELECT count(*)::int FROM files) AS files,
            (SELECT count(*)::int FROM file_references) AS references,
            (SELECT count(*)::int FROM storage_intents) AS intents,
            (SELECT count(*)::int FROM idempotency_records WHERE status IS NULL) AS claims`,
  );
  return {
    ...(counts as Omit<Traces, 'objects'>),
    objects: await objectsOf(env.STRATUM_DATA_DIR),
  };
}

/** Files under the storage folder, those being written included. */
async function objectsOf(dataDir: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'storage'), { recursive: true, withFileTypes: true });
  return (
    entries
      .filter((entry) => !entry.isDirectory())
      // The collector's own marks are left by no request.
      .filter((entry) => !entry.parentPath.endsWith('gc/marks'))
      .map((entry) => entry.name)
      .sort()
  );
}

/** That refused requests have left nothing: all is as it was `before`, or empty. */
export async function expectNothingLeft(app: Inspected, before: Traces = NOTHING): Promise<void> {
  await expectTraces(app, before);
}

/** That what requests have left becomes exactly this, once running roll-backs have ended. */
export async function expectTraces(app: Inspected, expected: Traces): Promise<void> {
  let found = await traces(app);
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await delay(20)) {
    if (JSON.stringify(found) === JSON.stringify(expected)) break;
    found = await traces(app);
  }
  expect(found).toEqual(expected);
}

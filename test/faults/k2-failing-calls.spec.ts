import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageFullError, StorageUnavailableError } from '../../src/core/errors/index.js';
import { LocalStorageBackend } from '../../src/storage/backends/local/local.storage-backend.js';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { FaultyStorageBackend, type FaultPlan } from '../support/faulty-storage-backend.js';
import { FaultPart, IS_FULL } from '../support/faults/part.js';
import { sha256Of } from '../support/history.js';
import {
  backendStore,
  breaches,
  diskStore,
  quiesce,
  type ObjectStore,
} from '../support/invariants.js';
import { createStorageLab, type StorageLab } from '../support/storage-lab.js';

/** Two blocks and a piece, so that calls fail amid the bytes too. */
const content = (): Buffer => randomBytes(2 * 1024 * 1024 + 17);

const KINDS: Omit<FaultPlan, 'k'>[] = [
  { persistent: false, carriedOut: false, code: 'EIO' },
  { persistent: false, carriedOut: true, code: 'EIO' },
  { persistent: true, carriedOut: false, code: 'EIO' },
];

/** More calls than any of the operations makes. */
const TOO_MANY = 60;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stratum-faulty-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.each(['memory', 'local'])('the %s backend with a call that fails', (name) => {
  let lab: StorageLab;
  let backend: FaultyStorageBackend;
  let store: ObjectStore;
  beforeAll(async () => {
    const inner = name === 'local' ? new LocalStorageBackend({ root }) : new MemoryStorageBackend();
    backend = new FaultyStorageBackend(inner);
    store = name === 'local' ? diskStore(root) : backendStore(inner);
    lab = await createStorageLab(backend);
  });
  afterAll(async () => {
    await lab.close();
    await part.play(async () => ({ faults: failed }));
  });
  const part = new FaultPart('K2', `failing calls, ${name}`, { short: 1, full: 1 });
  // Every backend runs the same code above it; in `npm test` one of them meets every kind.
  const kinds = IS_FULL || name === 'local' ? KINDS : KINDS.slice(0, 1);
  let failed = 0;

  const references = async (bytes: Buffer): Promise<number> => {
    const [row] = await lab.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM file_references r JOIN files f ON f.id = r.file_id
       WHERE f.content_hash = $1`,
      [sha256Of(bytes)],
    );
    return row?.count ?? 0;
  };

  /** Leaves what there is to the collector, so that the next check hashes only what is new. */
  const forget = async (): Promise<void> => {
    await lab.database.query('DELETE FROM file_references');
    await lab.database.query(
      `UPDATE files SET reference_count = 0, zero_since = now() WHERE reference_count > 0`,
    );
  };

  /** The k-th call fails, for every k there is. The operation says whether it was carried out. */
  const forEveryCall = async (
    kind: Omit<FaultPlan, 'k'>,
    prepare: () => Promise<Buffer>,
    operation: (bytes: Buffer) => Promise<unknown>,
    expected: { before: number; after: number },
  ): Promise<void> => {
    for (let k = 1; ; k += 1) {
      expect(k).toBeLessThan(TOO_MANY);
      const bytes = await prepare();
      backend.plan({ k, ...kind });
      const isDone = await operation(bytes).then(
        () => true,
        () => false,
      );
      const { failures } = backend;
      failed += failures;
      backend.heal();
      await quiesce(lab.database, () => lab.collector.collect());
      expect({
        k,
        calls: backend.calls,
        references: await references(bytes),
        breaches: await breaches(lab.database, store),
      }).toEqual({
        k,
        calls: backend.calls,
        references: isDone ? expected.after : expected.before,
        breaches: [],
      });
      await forget();
      if (failures === 0) {
        expect(isDone).toBe(true);
        return;
      }
    }
  };

  it.each(kinds)('keeps an upload whole or leaves nothing of it (%j)', async (kind) => {
    await forEveryCall(
      kind,
      async () => content(),
      (bytes) => lab.create(bytes),
      {
        before: 0,
        after: 1,
      },
    );
  });

  it.each(kinds)(
    'keeps a second upload of a content whole or leaves nothing of it (%j)',
    async (kind) => {
      const prepare = async (): Promise<Buffer> => {
        const bytes = content();
        await lab.create(bytes);
        return bytes;
      };
      await forEveryCall(kind, prepare, (bytes) => lab.create(bytes), { before: 1, after: 2 });
    },
  );

  it.each(kinds)('heals lost bytes or leaves all as it was (%j)', async (kind) => {
    const prepare = async (): Promise<Buffer> => {
      const bytes = content();
      const id = await lab.create(bytes);
      // Lost behind the service's back, and found out by a reader.
      const [row] = await lab.database.query<{ storage_key: string }>(
        `UPDATE files SET health = 'missing' WHERE id = $1 RETURNING storage_key`,
        [id],
      );
      await backend.deleteFile(row?.storage_key ?? '');
      return bytes;
    };
    await forEveryCall(kind, prepare, (bytes) => lab.create(bytes), { before: 1, after: 2 });
  });

  it.each(kinds)('deletes and collects in the end, whichever call fails (%j)', async (kind) => {
    let id = 0;
    const prepare = async (): Promise<Buffer> => {
      const bytes = content();
      id = await lab.create(bytes);
      return bytes;
    };
    const operation = async (): Promise<void> => {
      await lab.release(id);
      await lab.collector.collect();
    };
    // A call that fails here is the collector's: the delete itself touches no bytes.
    await forEveryCall(kind, prepare, operation, { before: 0, after: 0 });
  });

  it.each(['ENOSPC', 'EDQUOT'])('says of %s at any call that the storage is full', async (code) => {
    for (const call of ['openStaged', 'write', 'seal', 'publish']) {
      backend.plan({ k: TOO_MANY });
      await lab.create(content());
      const k = backend.calls.indexOf(call) + 1;
      expect(k).toBeGreaterThan(0);
      backend.plan({ k, code });
      await expect(lab.create(content())).rejects.toBeInstanceOf(StorageFullError);
      backend.heal();
    }
    await quiesce(lab.database, () => lab.collector.collect());
    expect(await breaches(lab.database, store)).toEqual([]);
  });

  it('never asks twice for an fsync that has failed', async () => {
    backend.plan({ k: TOO_MANY });
    await lab.create(content());
    backend.plan({ k: backend.calls.indexOf('seal') + 1 });
    await expect(lab.create(content())).rejects.toBeInstanceOf(StorageUnavailableError);
    backend.heal();
    expect(backend.calls.filter((call) => call === 'seal')).toHaveLength(1);
    expect(backend.calls).not.toContain('publish');
    expect(backend.calls.slice(backend.calls.indexOf('seal') + 1)).toEqual(['abort', 'deleteFile']);
  });
});

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { loadEnv } from '../../core/config/load-env.js';
import type { IStorageBackend } from '../../core/contracts/storage-backend.contract.js';
import type { StagedArtifact } from '../../core/contracts/artifact-producer.contract.js';
import { Transaction, type UnitOfWork } from '../../core/database/index.js';
import {
  ContentHashConflictError,
  DigestMismatchError,
  SizeMismatchError,
  StorageUnavailableError,
  UploadLeaseLostError,
  UploadTooLargeError,
} from '../../core/errors/index.js';
import { MemoryStorageBackend } from '../backends/memory/memory.storage-backend.js';
import { ArtifactProducer } from './artifact-producer.service.js';
import { Attempts } from './attempts.js';
import type { IntentsRepository } from './intents.repository.js';
import { Settlement } from './settlement.service.js';
import { StorageSpace } from './storage-space.service.js';
import type { StoredFilesRepository } from './stored-files.repository.js';
import { UploadLeases } from './upload-leases.js';
import { only, Tables } from '../../../test/support/ingest-tables.js';

const OWNER = { type: 'hold', id: 'somebody' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('ArtifactProducer', () => {
  let tables: Tables;
  let backend: MemoryStorageBackend;
  let sut: ArtifactProducer;

  const produce = (
    over: IStorageBackend,
    settings: Record<string, string> = {},
  ): ArtifactProducer => {
    const env = loadEnv({ ...settings }, null);
    const intents = only<IntentsRepository>(tables.intentAnswers());
    const files = only<StoredFilesRepository>(tables.fileAnswers());
    const leases = new UploadLeases(intents, env);
    const space = new StorageSpace(over, env);
    const attempts = new Attempts(over, env, intents, files, leases, space);
    const settlement = new Settlement(over, intents, files, attempts);
    return new ArtifactProducer(
      env,
      intents,
      files,
      attempts,
      settlement,
      only<UnitOfWork>(tables.transactionAnswers()),
    );
  };

  // What is left to the collector is logged as a warning.
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    tables = new Tables();
    backend = new MemoryStorageBackend();
    sut = produce(backend);
  });

  const create = (text: string, expectation: Record<string, unknown> = {}): Promise<number> =>
    sut.createArtifact(Readable.from([Buffer.from(text)]), {
      fileType: 'text',
      owner: OWNER,
      ...expectation,
    });

  /** Everything that is stored, published or not. */
  const stored = async (): Promise<string[]> => {
    const published = await Array.fromAsync(backend.listFiles(''), async ({ path }) =>
      (await backend.readFile(path)).toString(),
    );
    return [...published, ...(await Array.fromAsync(backend.listStaged(), () => '(staged)'))];
  };

  const expectNothing = async (): Promise<void> => {
    expect(await stored()).toEqual([]);
    expect(tables).toMatchObject({ files: [], references: [], intents: new Map() });
  };

  /** A backend with some calls that answer otherwise. */
  const with_ = (calls: Partial<IStorageBackend>): IStorageBackend =>
    new Proxy<IStorageBackend>(backend, {
      get: (target, name) => {
        const own = Reflect.get(calls, name) as unknown;
        const value = own ?? (Reflect.get(target, name) as unknown);
        return typeof value === 'function' && own === undefined ? value.bind(target) : value;
      },
    });

  it('makes a file of new content: one object, one row, one reference, no intent left', async () => {
    const id = await create('new');
    expect(await stored()).toEqual(['new']);
    expect(tables.files).toMatchObject([
      { id, contentHash: sha256('new'), size: 3, backend: 'memory', references: 1 },
    ]);
    expect(tables.references).toMatchObject([{ fileId: id }]);
    expect(tables.intents.size).toBe(0);
  });

  it('makes a file of no bytes at all', async () => {
    const id = await create('');
    expect(tables.files).toMatchObject([{ id, contentHash: sha256(''), size: 0 }]);
    expect(await stored()).toEqual(['']);
  });

  it('names the object by an intent before its first byte', async () => {
    let named: unknown;
    sut = produce(
      with_({
        openStaged: (path) => {
          named = [...tables.intents.values()];
          expect(named).toEqual([{ kind: 'write', storageKey: path }]);
          return backend.openStaged(path);
        },
      }),
    );
    await create('new');
    expect(named).toHaveLength(1);
  });

  it('counts content that is stored already and drops its own bytes', async () => {
    const first = await create('same');
    const second = await create('same');
    expect(second).toBe(first);
    expect(await stored()).toEqual(['same']);
    expect(tables.files).toMatchObject([{ references: 2 }]);
    expect(tables.references).toHaveLength(2);
    expect(tables.intents.size).toBe(0);
  });

  it('never publishes the bytes of content that it has seen whole', async () => {
    await create('same');
    let published = 0;
    sut = produce(
      with_({
        openStaged: async (path) => {
          const staged = await backend.openStaged(path);
          return { ...staged, publish: () => ((published += 1), staged.publish()) };
        },
      }),
    );
    await create('same');
    expect(published).toBe(0);
  });

  it('yields to another upload that is faster by a moment', async () => {
    tables.beforeTransaction = async () => {
      const other = await backend.openStaged('blobs/other');
      await other.write(Buffer.from('same'));
      await other.seal();
      await other.publish();
      tables.store({
        contentHash: sha256('same'),
        size: 4,
        backend: 'memory',
        storageKey: 'blobs/other',
      });
    };
    await create('same');
    expect(await stored()).toEqual(['same']);
    expect(tables.files).toMatchObject([{ storageKey: 'blobs/other', references: 2 }]);
    expect(tables.intents.size).toBe(0);
  });

  it('stores its own bytes when the file it has seen is collected before it is counted', async () => {
    await create('same');
    tables.beforeTransaction = async () => {
      const [file] = tables.files.splice(0);
      tables.references.splice(0);
      await backend.deleteFile(file?.storageKey ?? '');
    };
    const id = await create('same');
    expect(await stored()).toEqual(['same']);
    expect(tables.files).toMatchObject([{ id, references: 1 }]);
    expect(tables.intents.size).toBe(0);
  });

  it.each([
    ['lost', async () => backend.deleteFile(tables.files[0]?.storageKey ?? '')],
    [
      'known to be damaged',
      async () => void Object.assign(tables.files[0] ?? {}, { health: 'corrupt' }),
    ],
    [
      'in another backend',
      async () => void Object.assign(tables.files[0] ?? {}, { backend: 'elsewhere' }),
    ],
  ])('heals a file whose bytes are %s with its own', async (_, spoil) => {
    const id = await create('same');
    const old = tables.files[0]?.storageKey ?? '';
    await spoil();
    expect(await create('same')).toBe(id);
    const [file] = tables.files;
    expect(file).toMatchObject({ id, references: 2, health: 'ok', backend: 'memory' });
    expect(file?.storageKey).not.toBe(old);
    expect((await backend.readFile(file?.storageKey ?? '')).toString()).toBe('same');
    expect([...tables.intents.values()]).toEqual([{ kind: 'delete', storageKey: old }]);
  });

  it('stores content once that comes twice in one request', async () => {
    const staged: StagedArtifact[] = [];
    for (const text of ['same', 'same', 'other']) {
      staged.push(await sut.stage(Readable.from([Buffer.from(text)]), { fileType: 'text' }));
    }
    const ids = await tables.transactionAnswers().run((tx) => sut.publish(tx, staged, OWNER));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect((await stored()).toSorted()).toEqual(['other', 'same']);
    expect(tables.references).toHaveLength(3);
    expect(tables.intents.size).toBe(0);
  });

  it('keeps both when the stored file has the same digest and another size', async () => {
    await create('same');
    Object.assign(tables.files[0] ?? {}, { size: 5 });
    await expect(create('same')).rejects.toBeInstanceOf(ContentHashConflictError);
    expect(tables.files).toMatchObject([{ references: 1 }]);
    expect(await stored()).toEqual(['same']);
  });

  it.each([
    ['another digest', { expectedSha256: sha256('other') }, DigestMismatchError],
    ['another size', { expectedSize: 4 }, SizeMismatchError],
  ])('keeps nothing of content that has %s than announced', async (_, expectation, error) => {
    await expect(create('new', expectation)).rejects.toBeInstanceOf(error);
    await expectNothing();
  });

  it('keeps nothing of content that is too large', async () => {
    sut = produce(backend, { UPLOAD_MAX_BYTES: '2' });
    await expect(create('new')).rejects.toBeInstanceOf(UploadTooLargeError);
    await expectNothing();
  });

  it('keeps nothing of a stream that fails, and passes its error on', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('the first half');
        throw new Error('the cable');
      })(),
    );
    const failed = sut.createArtifact(broken, { fileType: 'text', owner: OWNER });
    await expect(failed).rejects.toThrow('the cable');
    await expectNothing();
  });

  it('keeps nothing of an upload that is called off, and says why', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await expect(create('new', { signal })).rejects.toThrow('no longer wanted');
    await expectNothing();
  });

  it.each(['write', 'seal', 'publish'] as const)('keeps nothing when %s fails', async (call) => {
    sut = produce(
      with_({
        openStaged: async (path) => ({
          ...(await backend.openStaged(path)),
          [call]: () => Promise.reject(new StorageUnavailableError(call)),
        }),
      }),
    );
    await expect(create('new')).rejects.toBeInstanceOf(StorageUnavailableError);
    await expectNothing();
  });

  it('leaves what it cannot remove to the collector', async () => {
    sut = produce(
      with_({
        openStaged: async (path) => ({
          ...(await backend.openStaged(path)),
          seal: () => Promise.reject(new StorageUnavailableError('seal')),
        }),
        deleteFile: () => Promise.reject(new StorageUnavailableError('deleteFile')),
      }),
    );
    await expect(create('new')).rejects.toBeInstanceOf(StorageUnavailableError);
    expect([...tables.intents.values()]).toMatchObject([{ kind: 'delete' }]);
  });

  it('publishes nothing once the reaper has taken it for dead, and removes what came later', async () => {
    tables.beforeTransaction = () => tables.intents.clear();
    await expect(create('new')).rejects.toBeInstanceOf(UploadLeaseLostError);
    await expectNothing();
  });

  it('does not remove bytes that were committed after all when it is told to discard them', async () => {
    const staged = await sut.stage(Readable.from([Buffer.from('new')]), { fileType: 'text' });
    // Committed, but its hooks have not run: nobody knows.
    await sut.publish(new Transaction(), [staged], OWNER);
    await sut.discard([staged]);
    expect(await stored()).toEqual(['new']);
    expect(tables.files).toMatchObject([{ references: 1 }]);
  });
});

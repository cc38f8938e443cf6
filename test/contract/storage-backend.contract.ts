import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IStorageBackend } from '../../src/core/contracts/storage-backend.contract.js';
import { CheckedStorageBackend } from '../../src/storage/backends/checked.storage-backend.js';
import { describeDeleting } from './storage-backend/deleting.cases.js';
import { describeListing } from './storage-backend/listing.cases.js';
import { describePaths } from './storage-backend/paths.cases.js';
import { describeReading } from './storage-backend/reading.cases.js';
import { describeResuming } from './storage-backend/resuming.cases.js';
import { describeStaging } from './storage-backend/staging.cases.js';
import { collect, put } from './storage-backend/support.js';
import { describeWriting } from './storage-backend/writing.cases.js';

/** A backend of the test's own, on an empty store of its own. */
export interface BackendUnderTest {
  backend: IStorageBackend;
  /** The same store as a process started later finds it; absent when the store ends with its process. */
  reopen?: () => IStorageBackend;
  /** Removes the store. */
  cleanUp?: () => Promise<void>;
}

export interface BackendTraits {
  /** Bytes of the large file: more than one part, block or buffer of this backend. */
  largeBytes: number;
}

/** The initialised backend of the running test, as the factory hands it out. */
export type Sut = () => IStorageBackend;

/**
 * What `IStorageBackend` promises, for every backend. A new one runs it by a file of a few lines
 * beside this one: how to make it on an empty store, and how large is large for it.
 */
export function describeStorageBackend(
  name: string,
  createBackend: () => Promise<BackendUnderTest>,
  traits: BackendTraits,
): void {
  describe(`the storage backend ${name}`, () => {
    let made: BackendUnderTest;
    let sut: IStorageBackend;

    beforeEach(async () => {
      made = await createBackend();
      sut = new CheckedStorageBackend(made.backend);
      await sut.init();
    });

    afterEach(async () => {
      const leftBehind = await collect(sut.listStaged());
      await sut.destroy();
      await made.cleanUp?.();
      expect(leftBehind).toEqual([]);
    });

    describePaths(() => sut);
    describeWriting(() => sut, traits);
    describeReading(() => sut, traits);
    describeStaging(() => sut);
    describeResuming(
      () => sut,
      () => made.reopen?.(),
      traits,
    );
    describeDeleting(() => sut);
    describeListing(() => sut);

    it('is called what the configuration calls it', () => {
      expect(sut.name).toBe(name);
    });

    it('begins empty', async () => {
      expect(await collect(sut.listFiles(''))).toEqual([]);
    });

    it('keeps its files when it is initialised a second time', async () => {
      await put(sut, 'blobs/aa/kept', 'still here');
      await sut.init();
      expect((await sut.readFile('blobs/aa/kept')).toString()).toBe('still here');
    });

    it('leaves nothing of its own in an empty store, however often it starts', async () => {
      await sut.init();
      expect(await collect(sut.listFiles(''))).toEqual([]);
      expect(await collect(sut.listStaged())).toEqual([]);
    });

    it('finds after a restart what was published, and only that', async () => {
      await put(sut, 'blobs/aa/published', 'durable');
      const unfinished = await sut.openStaged('blobs/aa/unfinished');
      await unfinished.write(Buffer.from('half'));
      const restarted = made.reopen ? new CheckedStorageBackend(made.reopen()) : sut;
      await restarted.init();
      expect((await collect(restarted.listFiles(''))).map(({ path }) => path)).toEqual([
        'blobs/aa/published',
      ]);
      // What the process before has left in the middle is named, so that it can be removed.
      expect(await collect(restarted.listStaged())).toEqual(['blobs/aa/unfinished']);
      await restarted.deleteFile('blobs/aa/unfinished');
      await unfinished.abort();
    });

    it('tells how much can still be stored, or that there is no bound', async () => {
      const free = await sut.freeBytes();
      expect(free === null || (Number.isSafeInteger(free) && free > 0)).toBe(true);
    });
  });
}

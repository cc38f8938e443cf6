import { describe, expect, it } from '@jest/globals';
import type { IStorageBackend } from '../../core/contracts/storage-backend.contract.js';
import { StorageFullError } from '../../core/errors/index.js';
import { StorageSpace } from './storage-space.service.js';

const spaceOf = (free: { bytes: number | null }): StorageSpace =>
  new StorageSpace({ freeBytes: async () => free.bytes } as IStorageBackend, {
    STORAGE_RESERVE_BYTES: 100,
  });

describe('StorageSpace', () => {
  it('lets in what fits, to the byte, above the reserve', async () => {
    const sut = spaceOf({ bytes: 1000 });
    await expect(sut.reserve(901)).rejects.toBeInstanceOf(StorageFullError);
    await expect(sut.reserve(900)).resolves.toBeDefined();
  });

  it('keeps what running uploads still expect, and no more', async () => {
    const free = { bytes: 1000 };
    const sut = spaceOf(free);
    const first = await sut.reserve(600);
    await expect(sut.reserve(301)).rejects.toBeInstanceOf(StorageFullError);
    first.received(500);
    free.bytes -= 500;
    await expect(sut.reserve(301)).rejects.toBeInstanceOf(StorageFullError);
    const second = await sut.reserve(300);
    first.release();
    await expect(sut.reserve(100)).resolves.toBeDefined();
    second.release();
    second.release();
    await expect(sut.reserve(301)).rejects.toBeInstanceOf(StorageFullError);
  });

  it('lets in the first of those that come together', async () => {
    const sut = spaceOf({ bytes: 1000 });
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => sut.reserve(500)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('keeps nothing where there is no bound, and nothing of what could not be asked', async () => {
    await expect(spaceOf({ bytes: null }).reserve(1e15)).resolves.toBeDefined();
    const calls = [Promise.reject(new Error('no answer')), Promise.resolve(1000)];
    const backend = { freeBytes: () => calls.shift() } as unknown as IStorageBackend;
    const sut = new StorageSpace(backend, { STORAGE_RESERVE_BYTES: 0 });
    await expect(sut.reserve(800)).rejects.toThrow('no answer');
    await expect(sut.reserve(1000)).resolves.toBeDefined();
  });
});

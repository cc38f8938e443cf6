import { Readable } from 'node:stream';
import { expect } from '@jest/globals';
import type {
  IStorageBackend,
  StoredFileInfo,
} from '../../../src/core/contracts/storage-backend.contract.js';
import { AppError } from '../../../src/core/errors/index.js';

/** Bytes that look random and are the same in every run: xorshift32. */
export function patternBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  let state = seed * 2_654_435_761 || 1;
  for (let offset = 0; offset < bytes.length; offset += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, offset);
  }
  return bytes.subarray(0, length);
}

export const put = (
  backend: IStorageBackend,
  path: string,
  content: string | Buffer,
): Promise<StoredFileInfo> =>
  backend.writeStream(path, Readable.from([Buffer.from(content)], { objectMode: false }));

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat((await collect(stream)) as Buffer[]);
}

export const pathsOf = async (backend: IStorageBackend, prefix: string): Promise<string[]> =>
  (await collect(backend.listFiles(prefix))).map(({ path }) => path).sort();

/** The failure of a call, which must be an error of the contract: what callers can answer with. */
export async function contractFailure(call: Promise<unknown>): Promise<AppError> {
  const outcome = await call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(AppError);
  return outcome as AppError;
}

/** What every way of reading must say while a path has no published file. */
export async function expectInvisible(backend: IStorageBackend, path: string): Promise<void> {
  expect(await backend.exists(path)).toBe(false);
  for (const read of [
    backend.getFileInfo(path),
    backend.readFile(path),
    backend.readStream(path),
    backend.readStream(path, { start: 0, end: 0 }),
  ]) {
    expect((await contractFailure(read)).code).toBe('object-not-found');
  }
  expect(await pathsOf(backend, path)).toEqual([]);
}

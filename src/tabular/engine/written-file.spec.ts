import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { growingFile } from './growing-file.js';
import { readWritten, WrittenFile } from './written-file.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-'));
  path = join(folder, 'file');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('A file that was written', () => {
  it('has its bytes without its name, until the last who holds it has gone', async () => {
    await writeFile(path, 'abc');
    const file = await WrittenFile.open(path);
    await rm(path);
    const reading = file.read({ start: 1, end: 2 });
    expect(file.isRead).toBe(true);
    await file.release();
    expect(file.isHeld).toBe(true);
    expect(await text(reading)).toBe('bc');
    expect(file.isHeld).toBe(false);
    expect(() => file.read()).toThrow('given up');
  });

  it('tells its SHA-256', async () => {
    await writeFile(path, 'abc');
    const file = await WrittenFile.open(path);
    // FIPS 180-4, the example of one block.
    expect(await file.contentHash()).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    await file.release();
    expect(file.isHeld).toBe(false);
  });

  it('is read to its end when it is empty or long', async () => {
    for (const size of [0, 3 * 1024 ** 2 + 1]) {
      await writeFile(path, Buffer.alloc(size, 7));
      expect(await readWritten(path, async (content) => (await buffer(content)).length)).toBe(size);
    }
  });
});

describe('A file that grows', () => {
  it('is read from its beginning to where it ends', async () => {
    const { promise, resolve } = Promise.withResolvers<WrittenFile>();
    const reading = text(growingFile(path, promise));
    await writeFile(path, 'first,');
    await appendFile(path, 'second');
    const whole = await WrittenFile.open(path);
    resolve(whole);
    expect(await reading).toBe('first,second');
    await whole.release();
  });

  it('fails when its writing does', async () => {
    await writeFile(path, 'some');
    const reading = text(growingFile(path, Promise.reject(new Error('no more'))));
    await expect(reading).rejects.toThrow('no more');
  });

  it('fails when another took its place', async () => {
    await writeFile(path, 'one');
    const { promise, resolve } = Promise.withResolvers<WrittenFile>();
    const bytes = growingFile(path, promise);
    const reading = text(bytes);
    await new Promise((begun) => setTimeout(begun, 100));
    await writeFile(`${path}.2`, 'another');
    await rename(`${path}.2`, path);
    const whole = await WrittenFile.open(path);
    resolve(whole);
    await expect(reading).rejects.toThrow('begun anew');
    await whole.release();
  });
});

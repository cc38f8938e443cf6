import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  STORAGE_FACTORY,
  type IStorageFactory,
} from '../../src/core/contracts/storage-factory.contract.js';
import { loadEnv } from '../../src/core/config/load-env.js';
import { InvalidStorageConfigError, UnknownStorageTypeError } from '../../src/core/errors/index.js';
import { MemoryStorageBackend } from '../../src/storage/backends/memory/memory.storage-backend.js';
import { STORAGE_BACKENDS } from '../../src/storage/backends/storage-backends.js';
import { StorageFactory } from '../../src/storage/storage-factory.service.js';
import { put } from './storage-backend/support.js';

describe('the storage factory', () => {
  let folder: string;
  let sut: IStorageFactory;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stratum-factory-'));
    const module = await Test.createTestingModule({
      providers: [{ provide: STORAGE_FACTORY, useClass: StorageFactory }],
    }).compile();
    await module.init();
    sut = module.get(STORAGE_FACTORY);
    stop = () => module.close();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  const configOf = (type: string): Record<string, unknown> =>
    STORAGE_BACKENDS[type]?.configOf(loadEnv({ STRATUM_DATA_DIR: folder }, null)) ?? {};

  it('names every registered backend', () => {
    expect(sut.types).toEqual(Object.keys(STORAGE_BACKENDS));
    expect(sut.types).toEqual(expect.arrayContaining(['local', 'memory']));
  });

  it('makes each of them from the settings of the process, ready for use', async () => {
    for (const type of sut.types) {
      const backend = await sut.createBackend(type, configOf(type));
      expect(backend.name).toBe(type);
      await put(backend, 'blobs/aa/file', type);
      expect((await backend.readFile('blobs/aa/file')).toString()).toBe(type);
    }
  });

  it('keeps local files under the data folder', async () => {
    await sut.createBackend('local', configOf('local'));
    expect(await readdir(folder)).toEqual(['storage']);
  });

  it('initialises a backend once before it hands it out', async () => {
    const init = jest.spyOn(MemoryStorageBackend.prototype, 'init');
    await sut.createBackend('memory', {});
    expect(init).toHaveBeenCalledTimes(1);
  });

  it('hands out what refuses paths and throws only errors of the contract', async () => {
    const backend = await sut.createBackend('memory', {});
    await expect(backend.readFile('../etc/passwd')).rejects.toMatchObject({
      code: 'invalid-storage-path',
    });
  });

  it('gives each caller a store of its own for a backend without a place', async () => {
    const [first, second] = [
      await sut.createBackend('memory', {}),
      await sut.createBackend('memory', {}),
    ];
    await put(first, 'a', 'x');
    expect(await second.exists('a')).toBe(false);
  });

  it.each(['', 'tape', 'LOCAL', ' local', 'constructor', '__proto__', 'toString'])(
    'refuses the unknown type "%s" and names the known ones',
    async (type) => {
      const failure = await sut.createBackend(type, {}).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UnknownStorageTypeError);
      expect((failure as Error).message).toContain(JSON.stringify(type));
      for (const known of sut.types) expect((failure as Error).message).toContain(known);
    },
  );

  it.each<[string, string, Record<string, unknown>, string[]]>([
    ['a missing setting', 'local', {}, ['local', 'root']],
    ['an empty setting', 'local', { root: '' }, ['local', 'root']],
    ['a setting of the wrong type', 'local', { root: 7 }, ['local', 'root']],
    ['an unknown setting', 'local', { root: '/x', rooot: '/y' }, ['local', 'rooot']],
    ['two faults at once', 'local', { root: 7, folder: 'x' }, ['local', 'root', 'folder']],
    ['a setting where there is none', 'memory', { root: '/x' }, ['memory', 'root']],
  ])('refuses %s and names each fault', async (_what, type, config, named) => {
    const failure = await sut.createBackend(type, config).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidStorageConfigError);
    for (const name of named) expect((failure as Error).message).toContain(name);
  });

  it('tells in the words of the system why a backend can not start', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const failure = await sut
      .createBackend('local', { root: file })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidStorageConfigError);
    expect((failure as Error).message).toMatch(/The backend local: E(EXIST|NOTDIR)/);
  });

  it('gives up a backend that could not start', async () => {
    jest.spyOn(MemoryStorageBackend.prototype, 'init').mockRejectedValue(new Error('no memory'));
    const destroy = jest.spyOn(MemoryStorageBackend.prototype, 'destroy');
    await expect(sut.createBackend('memory', {})).rejects.toThrow('The backend memory: no memory');
    expect(destroy).toHaveBeenCalledTimes(1);
    await stop();
    expect(destroy).toHaveBeenCalledTimes(1);
  });

  it('destroys what it has made when the application stops, each once', async () => {
    const destroy = jest.spyOn(MemoryStorageBackend.prototype, 'destroy');
    await sut.createBackend('memory', {});
    await sut.createBackend('memory', {});
    expect(destroy).not.toHaveBeenCalled();
    await stop();
    expect(destroy).toHaveBeenCalledTimes(2);
    await stop();
    expect(destroy).toHaveBeenCalledTimes(2);
  });

  it('destroys the others too when one of them fails to be', async () => {
    const factory = new StorageFactory();
    await factory.createBackend('memory', {});
    await factory.createBackend('memory', {});
    const destroy = jest
      .spyOn(MemoryStorageBackend.prototype, 'destroy')
      .mockRejectedValueOnce(new Error('stuck'));
    await expect(factory.onApplicationShutdown()).rejects.toThrow('could not be given up');
    expect(destroy).toHaveBeenCalledTimes(2);
  });
});

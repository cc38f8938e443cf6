import { createReadStream } from 'node:fs';
import {
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type {
  ByteRange,
  IStagedFile,
  IStorageBackend,
  StoredFileInfo,
} from '../../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../../core/errors/index.js';
import { storeStream } from '../store-stream.js';
import { LocalStagedFile } from './local.staged-file.js';
import { isErrno, syncFolder } from './sync-folder.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const READ_AHEAD = 1024 * 1024;

/**
 * Files on a local disk:
 *
 *     <root>/
 *     ├── blobs/<aa>/<uuid>     published: one per path, never changed
 *     └── .staging/blobs~<aa>~<uuid>    being written; a path can't begin with a dot
 *
 * Both lie on one file system, so that publishing is a rename. A file is durable by fsync of the
 * file, then rename, then fsync of both folders (Pillai et al., OSDI 2014: each is needed).
 */
export class LocalStorageBackend implements IStorageBackend {
  readonly name = 'local';
  private readonly root: string;
  private readonly staging: string;
  /** Folders known to exist durably: made and synced once. */
  private readonly folders = new Map<string, Promise<void>>();

  constructor({ root }: { root: string }) {
    this.root = resolve(root);
    this.staging = join(this.root, '.staging');
  }

  async init(): Promise<void> {
    await this.ensureFolder(this.staging);
    const [root, staging] = await Promise.all([stat(this.root), stat(this.staging)]);
    if (root.dev !== staging.dev) {
      throw new Error(`${this.staging} must be on the same file system as ${this.root}`);
    }
  }

  async destroy(): Promise<void> {}

  async readFile(path: string): Promise<Buffer> {
    return await readFile(this.pathOf(path)).catch(absent(path));
  }

  async readStream(path: string, range?: ByteRange): Promise<Readable> {
    const handle = await open(this.pathOf(path), constants.O_RDONLY | O_NOFOLLOW).catch(
      absent(path),
    );
    return createReadStream('', {
      fd: handle,
      highWaterMark: READ_AHEAD,
      ...(range && { start: range.start, end: range.end }),
    });
  }

  async writeStream(path: string, content: Readable): Promise<StoredFileInfo> {
    return await storeStream(await this.openStaged(path), content);
  }

  async deleteFile(path: string): Promise<void> {
    await this.unlinkIfPresent(this.stagingOf(path));
    const file = this.pathOf(path);
    if (await this.unlinkIfPresent(file)) await syncFolder(dirname(file));
  }

  async exists(path: string): Promise<boolean> {
    return await stat(this.pathOf(path)).then(
      (found) => found.isFile(),
      (error: unknown) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
        throw error;
      },
    );
  }

  async *listFiles(prefix: string): AsyncIterable<StoredFileInfo> {
    // Whole folders of the prefix can be entered at once; the rest of it is compared by string.
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '';
    yield* this.walk(folder, prefix);
  }

  async getFileInfo(path: string): Promise<StoredFileInfo> {
    const found = await stat(this.pathOf(path)).catch(absent(path));
    return { path, size: found.size, modifiedAt: found.mtime };
  }

  async openStaged(path: string): Promise<IStagedFile> {
    const file = this.pathOf(path);
    const staged = this.stagingOf(path);
    await this.ensureFolder(dirname(file));
    const handle = await open(staged, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    return new LocalStagedFile(path, handle, {
      abort: () => this.unlinkIfPresent(staged).then(() => undefined),
      publish: async () => {
        await rename(staged, file);
        await syncFolder(dirname(file));
        await syncFolder(this.staging);
        return await this.getFileInfo(path);
      },
    });
  }

  async *listStaged(): AsyncIterable<string> {
    for (const name of await readdir(this.staging)) yield name.replaceAll('~', '/');
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }

  private pathOf(path: string): string {
    return join(this.root, path);
  }

  /** `~` is in no storage path, so the name can be read back. */
  private stagingOf(path: string): string {
    return join(this.staging, path.replaceAll('/', '~'));
  }

  private async *walk(folder: string, prefix: string): AsyncIterable<StoredFileInfo> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch(
      (error: unknown) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
        throw error;
      },
    );
    for (const entry of entries) {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (`${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`))
          yield* this.walk(path, prefix);
      } else if (path.startsWith(prefix)) {
        const info = await this.getFileInfo(path).catch((error: unknown) => {
          // Deleted since the folder was read.
          if (error instanceof ObjectNotFoundError) return null;
          throw error;
        });
        if (info) yield info;
      }
    }
  }

  private async ensureFolder(folder: string): Promise<void> {
    const known = this.folders.get(folder) ?? makeFolder(folder);
    this.folders.set(folder, known);
    await known.catch((error: unknown) => {
      this.folders.delete(folder);
      throw error;
    });
  }

  private async unlinkIfPresent(file: string): Promise<boolean> {
    try {
      await unlink(file);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  // `mkdir` names the topmost folder it made: from its parent down every entry is new.
  for (let made = folder; first && made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

const absent =
  (path: string) =>
  (error: unknown): never => {
    throw isErrno(error, 'ENOENT', 'ENOTDIR') ? new ObjectNotFoundError(path, error) : error;
  };

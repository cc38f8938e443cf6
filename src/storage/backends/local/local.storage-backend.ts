import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  constants,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import {
  STORAGE_PATH,
  type ByteRange,
  type IStagedFile,
  type IStorageBackend,
  type StagedPoint,
  type StoredFileInfo,
} from '../../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../../core/errors/index.js';
import { storeStream } from '../store-stream.js';
import { LocalStagedFile } from './local.staged-file.js';
import { isErrno, syncFolder } from './sync.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
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
    await this.proveWritable();
  }

  async destroy(): Promise<void> {}

  async readFile(path: string): Promise<Buffer> {
    const { handle } = await this.openFile(path);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  async readStream(path: string, range?: ByteRange): Promise<Readable> {
    const { handle, size } = await this.openFile(path);
    return createReadStream('', {
      fd: handle,
      // A buffer of this size is made for each read: of a small file it would be mostly for nothing.
      highWaterMark: Math.min(Math.max(size, 1), READ_AHEAD),
      ...(range && { start: range.start, end: range.end }),
    });
  }

  async writeStream(path: string, content: Readable): Promise<StoredFileInfo> {
    return await storeStream(() => this.openStaged(path), content);
  }

  async deleteFile(path: string): Promise<void> {
    await this.unlinkIfPresent(this.stagingOf(path));
    const file = this.pathOf(path);
    if (await this.unlinkIfPresent(file)) await syncFolder(dirname(file));
  }

  async exists(path: string): Promise<boolean> {
    return await this.getFileInfo(path).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ObjectNotFoundError) return false;
        throw error;
      },
    );
  }

  async link(path: string, target: string): Promise<boolean> {
    const file = this.pathOf(path);
    try {
      await link(file, target);
    } catch (error) {
      if (isErrno(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP')) return false;
      return absent(path)(error);
    }
    // Of the file itself, which nobody changes; who may not enter the store's folders can't reach it there.
    await chmod(target, 0o444);
    return true;
  }

  async *listFiles(prefix: string): AsyncIterable<StoredFileInfo> {
    yield* this.walk('', prefix);
  }

  async getFileInfo(path: string): Promise<StoredFileInfo> {
    const found = await lstat(this.pathOf(path)).catch(absent(path));
    if (!found.isFile()) throw new ObjectNotFoundError(path);
    return { path, size: found.size, modifiedAt: found.mtime };
  }

  async openStaged(path: string): Promise<IStagedFile> {
    const file = this.pathOf(path);
    const staged = this.stagingOf(path);
    await this.ensureFolder(dirname(file));
    const handle = await open(staged, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    return this.stagedFile(path, handle);
  }

  async resumeStaged(path: string, { size }: StagedPoint): Promise<IStagedFile> {
    const handle = await open(this.stagingOf(path), O_WRONLY | O_NOFOLLOW).catch(absent(path));
    try {
      if ((await handle.stat()).size < size) throw new ObjectNotFoundError(path);
      await handle.truncate(size);
      return this.stagedFile(path, handle, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async readStaged(path: string, { size }: StagedPoint, range?: ByteRange): Promise<Readable> {
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? size, size - 1);
    const handle = await open(this.stagingOf(path), O_RDONLY | O_NOFOLLOW).catch(async (error) => {
      if (!isErrno(error, 'ENOENT')) throw error;
      return (await this.openFile(path)).handle;
    });
    const found = await handle.stat();
    if (found.size < size || start > end) {
      await handle.close();
      if (found.size < size) throw new ObjectNotFoundError(path);
      return Readable.from([]);
    }
    return createReadStream('', { fd: handle, highWaterMark: READ_AHEAD, start, end });
  }

  async *listStaged(): AsyncIterable<string> {
    for (const name of await readdir(this.staging)) {
      if (!name.startsWith('.')) yield name.replaceAll('~', '/');
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }

  private stagedFile(path: string, handle: FileHandle, size?: number): LocalStagedFile {
    const [staged, file] = [this.stagingOf(path), this.pathOf(path)];
    const steps = {
      keep: () => syncFolder(this.staging),
      abort: () => this.unlinkIfPresent(staged).then(() => undefined),
      publish: async () => {
        await rename(staged, file);
        await syncFolder(dirname(file));
        await syncFolder(this.staging);
        return await this.getFileInfo(path);
      },
    };
    return new LocalStagedFile(path, handle, steps, size);
  }

  private pathOf(path: string): string {
    return join(this.root, path);
  }

  /** `~` is in no storage path, so the name can be read back. */
  private stagingOf(path: string): string {
    return join(this.staging, path.replaceAll('/', '~'));
  }

  /** Never through a link: what is not a plain file was not put here by us. */
  private async openFile(path: string): Promise<{ handle: FileHandle; size: number }> {
    const handle = await open(this.pathOf(path), O_RDONLY | O_NOFOLLOW).catch(absent(path));
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
    await handle.close();
    throw new ObjectNotFoundError(path);
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
      // Not ours: what hides, and what no method would take, such as `lost+found`.
      if (!STORAGE_PATH.test(entry.name)) continue;
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
      if (isErrno(error, 'ENOENT', 'ENOTDIR') || (await isFolder(file))) return false;
      throw error;
    }
  }

  /** Goes the way of every upload, so that a disk that can't take one is told of at the start. */
  private async proveWritable(): Promise<void> {
    const name = `.probe-${randomUUID()}`;
    const [staged, published] = [join(this.staging, name), join(this.root, name)];
    const handle = await open(staged, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
    try {
      await handle.write(name);
      await handle.sync();
      await rename(staged, published);
    } finally {
      await handle.close();
      await this.unlinkIfPresent(staged);
      await this.unlinkIfPresent(published);
    }
  }
}

/** The store is flat: a folder is no file of it. */
const isFolder = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

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
    throw isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')
      ? new ObjectNotFoundError(path, error)
      : error;
  };

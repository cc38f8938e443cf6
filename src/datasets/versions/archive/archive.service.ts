import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ContentReader } from '../../../storage/index.js';
import { ComponentsRepository } from '../components.repository.js';
import { ServedFiles } from '../served-files.service.js';
import { VersionReader, type VersionedDataset } from '../version-reader.service.js';
import type { Version } from '../versions.repository.js';
import { manifestOf, maxManifestBytes, type ArchivedFile } from './manifest.js';
import { zip, type ZipEntry } from './zip.js';

const PAGE = 1000;
const MANIFEST = 'manifest.json';

/** Versions as one stream each, in constant memory whatever they hold. */
@Injectable()
export class ArchiveService {
  constructor(
    private readonly reader: VersionReader,
    private readonly contents: ContentReader,
    private readonly served: ServedFiles,
    private readonly components: ComponentsRepository,
  ) {}

  /**
   * Looks for files that have no bytes of their own, which a stream could only break off at. A walk through
   * the version, and only of datasets that have patches at all.
   * @throws FilePatchedError
   */
  async check(dataset: VersionedDataset, version: Version, prefix: string): Promise<void> {
    if (!(await this.components.anyPatched(dataset.id))) return;
    const files = this.files(dataset, version, prefix);
    while (!(await files.next()).done);
  }

  /**
   * A zip of the files whose paths begin with the prefix, in the order of their bytes, and at last
   * the manifest: where that is, all that it lists came before it. The same version and prefix are
   * the same bytes.
   * @throws in the stream, before its end: FileNotFoundError, ObjectMissingError,
   *   ObjectCorruptError
   */
  async *open(dataset: VersionedDataset, version: Version, prefix: string): AsyncGenerator<Buffer> {
    const manifest: ZipEntry = {
      name: await this.manifestName(dataset, version),
      maxSize: maxManifestBytes(version),
      open: async () =>
        Readable.from(manifestOf(version, prefix, this.files(dataset, version, prefix))),
    };
    yield* zip(() => this.entries(dataset, version, prefix, manifest), version.createdAt);
  }

  private async *entries(
    dataset: VersionedDataset,
    version: Version,
    prefix: string,
    manifest: ZipEntry,
  ): AsyncGenerator<ZipEntry> {
    for await (const { path, file } of this.files(dataset, version, prefix)) {
      yield { name: path, maxSize: file.size, open: () => this.contents.open(file.fileId) };
    }
    yield manifest;
  }

  /** A page at a time. That pages go missing must not go unseen, whatever became of the version. */
  private async *files(
    dataset: VersionedDataset,
    version: Version,
    prefix: string,
  ): AsyncGenerator<ArchivedFile> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const query = { prefix, delimiter: null, cursor, limit: PAGE };
      const { items, nextCursor } = await this.reader.listFiles(dataset, version.id, query);
      for (const { path, file } of items) {
        if (file) yield { path, file: await this.served.of(path, file) };
      }
      count += items.length;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    if (prefix === '' && count !== version.fileCount) {
      throw new Error(`The version lists ${count} files and counts ${version.fileCount}.`);
    }
  }

  /**
   * `manifest.json`, unless a path of the version begins so. No version has a path with its own id,
   * which is made with it.
   */
  private async manifestName(dataset: VersionedDataset, version: Version): Promise<string> {
    const query = { prefix: MANIFEST, delimiter: null, limit: 1 };
    const { items } = await this.reader.listFiles(dataset, version.id, query);
    return items.length === 0 ? MANIFEST : `manifest-${version.id}.json`;
  }
}

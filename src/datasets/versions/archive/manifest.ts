import { toContentHash } from '../../../storage/index.js';
import type { ServedFile } from '../served-files.service.js';
import type { Version } from '../versions.repository.js';

/** A file of an archive, at its path. */
export interface ArchivedFile {
  path: string;
  file: ServedFile;
}

/**
 * What one file takes in a manifest, at most: paths have 1024 bytes, of which each can need an
 * escape, types 64 and media types 255.
 */
const MAX_LINE_BYTES = 4096;

/** How large the manifest of a version becomes at most, in bytes. */
export const maxManifestBytes = ({ fileCount }: Version): number =>
  (fileCount + 1) * MAX_LINE_BYTES;

/**
 * The manifest of an archive as JSON, a line for each file and piece by piece: a version may have
 * millions. It tells nothing that can change after the version is made.
 */
export async function* manifestOf(
  { datasetId, id, versionNumber, createdAt }: Version,
  prefix: string,
  files: AsyncIterable<ArchivedFile>,
): AsyncGenerator<Buffer> {
  const head = { datasetId, versionId: id, versionNumber, createdAt, prefix };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"files":[`);
  let [fileCount, totalBytes] = [0, 0];
  for await (const { path, file } of files) {
    const { size, contentHash, fileType, mimeType } = file;
    const line = { path, size, contentHash: toContentHash(contentHash), fileType, mimeType };
    yield Buffer.from(`${fileCount === 0 ? '' : ','}\n${JSON.stringify(line)}`);
    fileCount += 1;
    totalBytes += size;
  }
  yield Buffer.from(`\n],"fileCount":${fileCount},"totalBytes":${totalBytes}}\n`);
}

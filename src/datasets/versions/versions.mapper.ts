import type { RowPatches } from '../../core/contracts/row-patches.contract.js';
import type { ServedContent } from '../../core/http/content/content-response.js';
import { toContentHash, type ContentReader } from '../../storage/index.js';
import { digestOf, type ComponentView } from './components.repository.js';
import type { VersionFileDto, VersionFilePatchesDto } from './dto/version-file.dto.js';
import type { VersionDto } from './dto/version.dto.js';
import type { ListedFile } from './version-reader.service.js';
import type { Version } from './versions.repository.js';

const UNKNOWN_MIME_TYPE = 'application/octet-stream';

export const toVersionDto = (version: Version): VersionDto => ({
  id: version.id,
  datasetId: version.datasetId,
  versionNumber: version.versionNumber,
  parentId: version.parentId,
  mergedId: version.mergedId,
  madeBy:
    version.jobId === null
      ? null
      : { jobId: version.jobId, sourceVersionId: version.sourceVersionId },
  message: version.message,
  overlayFileId: version.overlayFileId,
  fileCount: version.fileCount,
  totalBytes: version.totalBytes,
  createdBy: version.createdBy,
  createdAt: version.createdAt,
});

export const toVersionFileDto = ({ path, file }: ListedFile): VersionFileDto =>
  file
    ? {
        path,
        kind: 'file',
        fileId: file.patches ? null : file.fileId,
        contentHash: file.patches ? null : toContentHash(file.contentHash),
        size: file.patches ? null : file.size,
        fileType: file.fileType,
        fileName: file.fileName,
        mimeType: file.mimeType ?? UNKNOWN_MIME_TYPE,
        compressionType: file.compressionType,
        index: file.index,
        metadata: file.metadata,
        patches: file.patches && toPatchesDto(file, file.patches),
      }
    : { path, ...FOLDER };

const FOLDER = {
  kind: 'folder',
  fileId: null,
  contentHash: null,
  size: null,
  fileType: null,
  fileName: null,
  mimeType: null,
  compressionType: null,
  index: null,
  metadata: null,
  patches: null,
} as const;

const toPatchesDto = (file: ComponentView, { key, chain }: RowPatches): VersionFilePatchesDto => {
  const sum = (count: 'inserts' | 'updates' | 'deletes') =>
    chain.reduce((total, patch) => total + patch[count], 0);
  return {
    count: chain.length,
    key,
    digest: digestOf(file),
    baseFileId: file.fileId,
    baseContentHash: toContentHash(file.contentHash),
    baseSize: file.size,
    inserts: sum('inserts'),
    updates: sum('updates'),
    deletes: sum('deletes'),
  };
};

export const toServedFile = (
  path: string,
  file: Pick<ComponentView, 'fileId' | 'contentHash' | 'size' | 'mimeType'>,
  reader: ContentReader,
): ServedContent => ({
  sha256: file.contentHash,
  size: file.size,
  mimeType: file.mimeType ?? UNKNOWN_MIME_TYPE,
  fileName: path.slice(path.lastIndexOf('/') + 1),
  open: (range) => reader.open(file.fileId, range),
});

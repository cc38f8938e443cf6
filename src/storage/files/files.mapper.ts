import type { ServedContent } from '../../core/http/content/content-response.js';
import type { ContentReader } from '../content/content-reader.service.js';
import { toContentHash } from './content-hash.js';
import type { CreatedFileDto, FileDto } from './dto/file.dto.js';
import type { PreflightItemDto } from './dto/preflight.dto.js';
import type { FileView } from './files.repository.js';
import type { CreatedFile, PreflightAnswer } from './files.service.js';

const UNKNOWN_MIME_TYPE = 'application/octet-stream';

export const toFileDto = (file: FileView): FileDto => ({
  id: file.id,
  contentHash: toContentHash(file.contentHash),
  size: file.size,
  fileType: file.fileType,
  fileName: file.fileName,
  mimeType: file.mimeType ?? UNKNOWN_MIME_TYPE,
  compressionType: file.compressionType,
  metadata: file.metadata,
  expiresAt: file.expiresAt,
  createdAt: file.createdAt,
});

export const toCreatedFileDto = (file: CreatedFile): CreatedFileDto =>
  Object.assign(toFileDto(file), { deduplicated: file.deduplicated });

export const toPreflightItemDto = ({ contentHash, file }: PreflightAnswer): PreflightItemDto => ({
  contentHash: toContentHash(contentHash),
  available: file !== null,
  fileId: file?.id ?? null,
  size: file?.size ?? null,
});

export const toServedContent = (file: FileView, reader: ContentReader): ServedContent => ({
  sha256: file.contentHash,
  size: file.size,
  mimeType: file.mimeType ?? UNKNOWN_MIME_TYPE,
  fileName: file.fileName ?? `${file.id}.${file.fileType === 'binary' ? 'bin' : file.fileType}`,
  open: (range) => reader.open(file.id, range),
});

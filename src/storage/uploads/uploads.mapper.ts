import type { UploadDto } from './dto/upload.dto.js';
import type { UploadView } from './uploads.repository.js';

export const toUploadDto = (upload: UploadView): UploadDto => ({
  id: upload.id,
  ownerId: upload.ownerId,
  kind: upload.kind,
  offset: upload.offset,
  length: upload.length,
  metadata: upload.metadata,
  createdAt: upload.createdAt,
  expiresAt: upload.expiresAt,
});

/** Where an upload stands, as answers to requests that have changed it say it. */
export const toProgressHeaders = ({
  offset,
  fileId,
  expiresAt,
}: UploadView): Record<string, string> => ({
  'Upload-Offset': String(offset),
  'Upload-Expires': expiresAt.toUTCString(),
  ...(fileId !== null && { 'Stratum-File-Id': String(fileId) }),
});

/** All that is known of an upload. */
export function toUploadHeaders(upload: UploadView): Record<string, string> {
  const { kind, length, metadata, concat, fileId } = upload;
  const { 'Upload-Offset': offset, ...progress } = toProgressHeaders(upload);
  return {
    ...progress,
    'Cache-Control': 'no-store',
    // While parts are put together an offset says nothing of what a client could send.
    ...((kind !== 'final' || fileId !== null) && { 'Upload-Offset': offset as string }),
    ...(length === null ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(length) }),
    ...(metadata !== null && { 'Upload-Metadata': metadata }),
    ...(concat !== null && { 'Upload-Concat': concat }),
  };
}

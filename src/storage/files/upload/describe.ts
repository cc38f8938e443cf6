import { lookup } from 'mime-types';
import type { FileUse } from '../../../core/contracts/file-references.contract.js';
import { ValidationFailedError } from '../../../core/errors/index.js';
import { validated } from '../../../core/validation/validation.js';
import { FileDescriptionDto } from '../dto/file-description.dto.js';
import { typesOfFileName } from '../file-names.js';
import { MEDIA_TYPE } from '../media-type.js';

const UNKNOWN_MIME_TYPE = 'application/octet-stream';

/** What clients send when nobody has told them what the content is. */
const SAYS_NOTHING = new Set([
  UNKNOWN_MIME_TYPE,
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
]);

/** What came with the bytes besides the description: used where that says nothing. */
export interface DescriptionHints {
  fileName?: string;
  mimeType?: string;
}

/**
 * Checks the fields of a form or the parameters of a query; an empty one counts as absent, as HTML
 * forms send what nobody has filled in.
 * @throws ValidationFailedError
 */
export async function parseDescription(fields: object): Promise<FileDescriptionDto> {
  const { metadata, ...rest } = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== ''),
  ) as Record<string, unknown>;
  return await validated(FileDescriptionDto, {
    ...rest,
    ...(metadata !== undefined && { metadata: parseMetadata(metadata) }),
  });
}

/** The whole description: as given, else as the hints have it, else a default. */
export function describe(given: FileDescriptionDto, hints: DescriptionHints): FileUse {
  const fileName = (given.fileName ?? hints.fileName)?.normalize('NFC') ?? null;
  const byName = fileName === null ? {} : typesOfFileName(fileName);
  return {
    fileName,
    fileType: given.fileType ?? byName.fileType ?? 'binary',
    mimeType: given.mimeType ?? likelyMimeType(fileName, hints.mimeType),
    compressionType: given.compressionType ?? byName.compressionType ?? null,
    metadata: given.metadata ?? {},
    expiresAt: given.expiresAt === undefined ? null : new Date(given.expiresAt),
  };
}

/** The media type that came with the bytes if it says anything, else what the name suggests. */
function likelyMimeType(fileName: string | null, hint: string | undefined): string {
  if (hint !== undefined && saysSomething(hint)) return hint;
  return (fileName !== null && lookup(fileName)) || UNKNOWN_MIME_TYPE;
}

/** A header that is no media type says as little as one that is the default of a client. */
function saysSomething(mimeType: string): boolean {
  const [essence = ''] = mimeType.split(';', 1);
  return MEDIA_TYPE.test(mimeType) && !SAYS_NOTHING.has(essence.trim().toLowerCase());
}

function parseMetadata(metadata: unknown): unknown {
  if (typeof metadata !== 'string') return metadata;
  try {
    return JSON.parse(metadata);
  } catch {
    throw ValidationFailedError.of('/metadata', 'must be a JSON object, as text');
  }
}

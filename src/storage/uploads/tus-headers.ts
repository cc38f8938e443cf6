import { createHash, type Hash } from 'node:crypto';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { describe, parseDescription } from '../files/upload/describe.js';
import { CHECKSUM_ALGORITHMS } from './tus-protocol.js';

const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UPLOAD_URL = /\/v1\/uploads\/([^/]+)\/?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const SHA256 = /^(?:sha256:)?([0-9a-f]{64})$/i;

export const isUploadId = (id: unknown): id is string =>
  typeof id === 'string' && UPLOAD_ID.test(id);

/** A header of tus that counts bytes. @throws ValidationFailedError */
export function parseBytes(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const bytes = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(bytes)) {
    throw ValidationFailedError.of(name, 'must be a number of bytes');
  }
  return bytes;
}

/** What a creation asks for, as its headers say it. */
export interface AskedUpload {
  /** Bytes; `null`: to be told later, or the sum of the parts. */
  length: number | null;
  isDeferred: boolean;
  metadata: string | null;
  concat: string | null;
}

/** @throws ValidationFailedError */
export function parseCreation(header: (name: string) => string | undefined): AskedUpload {
  const deferred = header('upload-defer-length');
  if (deferred !== undefined && deferred !== '1') {
    throw ValidationFailedError.of('Upload-Defer-Length', 'can only be 1');
  }
  return {
    length: parseBytes('Upload-Length', header('upload-length')) ?? null,
    isDeferred: deferred !== undefined,
    metadata: header('upload-metadata') ?? null,
    concat: header('upload-concat') ?? null,
  };
}

/** What an upload is to be of, from its `Upload-Concat`. */
export type Concatenation =
  | { kind: 'file' | 'partial'; parts: null }
  | { kind: 'final'; /** Ids of uploads. */ parts: string[] };

/** @throws ValidationFailedError */
export function parseConcat(value: string | undefined): Concatenation {
  if (value === undefined) return { kind: 'file', parts: null };
  if (value === 'partial') return { kind: 'partial', parts: null };
  const [, urls] = /^final; *(\S+(?: +\S+)*) *$/.exec(value) ?? [];
  if (urls === undefined) {
    throw ValidationFailedError.of('Upload-Concat', 'must be `partial` or `final;` and URLs');
  }
  const parts = urls.split(/ +/).map((url) => {
    const [, id] = UPLOAD_URL.exec(url.split('?', 1)[0] as string) ?? [];
    if (!isUploadId(id)) {
      throw ValidationFailedError.of('Upload-Concat', 'must name uploads by their URLs');
    }
    return id;
  });
  if (new Set(parts).size < parts.length) {
    throw ValidationFailedError.of('Upload-Concat', 'must name each part once');
  }
  return { kind: 'final', parts };
}

/** What an upload says of its bytes. */
export interface UploadDescription {
  use: FileUse;
  /** Lower-case hex. */
  expectedSha256?: string;
}

/**
 * `Upload-Metadata`: `filename`, `fileType`, `mimeType` and `sha256` are used, others are the client's own.
 * @throws ValidationFailedError
 */
export async function parseMetadata(value: string | null): Promise<UploadDescription> {
  const { filename, fileType, mimeType, sha256 } = pairsOf(value ?? '');
  const given = { fileName: filename, fileType, mimeType };
  const named = Object.entries(given).filter(([, text]) => text !== undefined);
  const use = describe(await parseDescription(Object.fromEntries(named)), {});
  if (sha256 === undefined || sha256 === '') return { use };
  const [, hex] = SHA256.exec(sha256) ?? [];
  if (hex === undefined) throw fault('sha256 must be 64 hex digits');
  return { use, expectedSha256: hex.toLowerCase() };
}

function pairsOf(value: string): Record<string, string | undefined> {
  const pairs: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of value === '' ? [] : value.split(',')) {
    const [key = '', encoded = '', ...rest] = pair.trim().split(' ');
    if (key === '' || rest.length > 0) throw fault('must be pairs of a key and a value in base64');
    if (!BASE64.test(encoded)) throw fault(`has no base64 after ${key}`);
    if (key in pairs) throw fault(`has the key ${key} twice`);
    pairs[key] = Buffer.from(encoded, 'base64').toString();
  }
  return pairs;
}

const fault = (detail: string): ValidationFailedError =>
  ValidationFailedError.of('Upload-Metadata', detail);

/** The checksum that the bytes of one request must have. */
export interface ExpectedChecksum {
  hash: Hash;
  expected: Buffer;
}

/** @throws ValidationFailedError when it is none of an algorithm that is known here */
export function parseChecksum(value: string | undefined): ExpectedChecksum | null {
  if (value === undefined) return null;
  const [algorithm = '', encoded = ''] = value.split(' ');
  const bytes = Object.hasOwn(CHECKSUM_ALGORITHMS, algorithm)
    ? CHECKSUM_ALGORITHMS[algorithm]
    : undefined;
  if (bytes === undefined) {
    const known = Object.keys(CHECKSUM_ALGORITHMS).join(', ');
    throw ValidationFailedError.of('Upload-Checksum', `must be of one of ${known}`);
  }
  const expected = Buffer.from(encoded, 'base64');
  if (!BASE64.test(encoded) || expected.length !== bytes) {
    throw ValidationFailedError.of('Upload-Checksum', `must be ${algorithm} in base64`);
  }
  return { hash: createHash(algorithm), expected };
}

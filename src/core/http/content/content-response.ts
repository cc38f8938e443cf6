import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import type { ByteRange } from '../../contracts/storage-backend.contract.js';
import { EtagMismatchError } from '../../errors/http.errors.js';
import { listsEtag, selectedRanges } from './conditions.js';

/** Bytes to answer with. They never change under their digest, so it is their strong ETag. */
export interface ServedContent {
  /** Lower-case hex. */
  sha256: string;
  /** Bytes. */
  size: number;
  mimeType: string;
  fileName: string;
  /** Default: ask again each time, which costs a 304, since the caller may have lost the right to it. */
  cacheControl?: string;
  /** The bytes, or a part of them; the stream fails before its end when they are damaged. */
  open(range?: ByteRange): Promise<Readable>;
}

const NOT_WITHOUT_ASKING = 'private, no-cache';

/** Beside `Content-Disposition`: no browser guesses what it is, or runs it with the rights of this origin. */
export const AS_ATTACHMENT = {
  'Content-Security-Policy': "sandbox; default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Answers GET and HEAD with the bytes: whole, one range or several (RFC 9110 sections 13 and 14),
 * 304 and 412 by ETag, `Repr-Digest` (RFC 9530). Always as an attachment that no browser runs:
 * what users upload is not ours to show. A stream that fails breaks the transfer.
 * @throws EtagMismatchError, RangeNotSatisfiableError, and what `open` throws
 */
export async function sendContent(
  request: Request,
  response: Response,
  content: ServedContent,
): Promise<void> {
  const etag = `"${content.sha256}"`;
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  if (ifMatch !== undefined && !listsEtag(ifMatch, etag, 'strong')) {
    throw new EtagMismatchError('The content has another ETag than If-Match names.');
  }
  response.set({
    ETag: etag,
    'Repr-Digest': `sha-256=:${Buffer.from(content.sha256, 'hex').toString('base64')}:`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': content.cacheControl ?? NOT_WITHOUT_ASKING,
  });
  if (ifNoneMatch !== undefined && listsEtag(ifNoneMatch, etag, 'weak')) {
    response.status(304).end();
    return;
  }
  const ranges = selectedRanges(request, content.size, etag);
  setAttachment(response, content);
  if (!ranges) await sendWhole(request, response, content);
  else if (ranges.length === 1) await sendRange(response, content, ranges[0] as ByteRange);
  else await sendRanges(response, content, ranges);
}

/** Bytes that are not all there yet: their length and their digest are not known. */
export interface GrowingContent extends Pick<
  ServedContent,
  'mimeType' | 'fileName' | 'cacheControl'
> {
  /** It fails before its end when the rest never comes. */
  bytes: Readable;
}

/** Answers GET with bytes as they come, in chunks: an answer that ends well is whole (RFC 9112 section 8). */
export async function sendGrowing(response: Response, content: GrowingContent): Promise<void> {
  response.status(200).set('Cache-Control', content.cacheControl ?? NOT_WITHOUT_ASKING);
  setAttachment(response, content);
  await transfer(content.bytes, response);
}

function setAttachment(
  response: Response,
  content: Pick<ServedContent, 'mimeType' | 'fileName'>,
): void {
  // Not `set`, which would add a charset that nobody has said.
  response.setHeader('Content-Type', content.mimeType);
  response.set({
    'Content-Disposition': contentDisposition(content.fileName),
    ...AS_ATTACHMENT,
  });
}

async function sendWhole(
  request: Request,
  response: Response,
  content: ServedContent,
): Promise<void> {
  response.status(200).set('Content-Length', String(content.size));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await transfer(await openBegun(content), response);
}

async function sendRange(
  response: Response,
  content: ServedContent,
  range: ByteRange,
): Promise<void> {
  const bytes = await openBegun(content, range);
  response.status(206).set({
    'Content-Range': contentRange(range, content.size),
    'Content-Length': String(range.end - range.start + 1),
  });
  await transfer(bytes, response);
}

/** `multipart/byteranges`, RFC 9110 section 14.6. */
async function sendRanges(
  response: Response,
  content: ServedContent,
  ranges: readonly ByteRange[],
): Promise<void> {
  const boundary = randomBytes(18).toString('hex');
  const headOf = (range: ByteRange): string =>
    `\r\n--${boundary}\r\nContent-Type: ${content.mimeType}\r\n` +
    `Content-Range: ${contentRange(range, content.size)}\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const length = ranges.reduce(
    (sum, range) => sum + Buffer.byteLength(headOf(range)) + range.end - range.start + 1,
    tail.length,
  );
  const [first, ...rest] = ranges as [ByteRange, ...ByteRange[]];
  const opened = await openBegun(content, first);
  response.status(206).set({
    'Content-Type': `multipart/byteranges; boundary=${boundary}`,
    'Content-Length': String(length),
  });
  await transfer(async function* () {
    yield headOf(first);
    yield* opened;
    for (const range of rest) {
      yield headOf(range);
      yield* await content.open(range);
    }
    yield tail;
  }, response);
}

const openBegun = async (content: ServedContent, range?: ByteRange): Promise<Readable> =>
  await begun(await content.open(range));

/** Waits for the first bytes: what fails before them, nothing being sent yet, gets a clear answer. */
export async function begun(bytes: Readable): Promise<Readable> {
  await once(bytes, 'readable');
  return bytes;
}

/** Sends the bytes. A stream that fails breaks the transfer; one that nobody reads on is closed. */
export async function transfer(
  bytes: Readable | (() => AsyncGenerator<unknown>),
  response: Response,
): Promise<void> {
  try {
    await pipeline(bytes, response);
  } catch (error) {
    // The client went away: nothing is wrong here, and nobody is left to be told.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

const contentRange = ({ start, end }: ByteRange, size: number): string =>
  `bytes ${start}-${end}/${size}`;

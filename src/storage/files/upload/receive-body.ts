import type { Request } from 'express';
import {
  RequestAbortedError,
  UnsupportedContentEncodingError,
  UploadTooLargeError,
} from '../../../core/errors/index.js';
import { watchProgress } from '../../../core/http/watch-progress.js';

/** Room for boundaries, part headers and fields around the files of a form. */
export const FORM_OVERHEAD_BYTES = 1024 * 1024;

/** What can be told from the headers is told before a byte of the body is read. */
export function refuseEarly(request: Request, maxBodyBytes: number, maxFileBytes: number): void {
  const encoding = request.header('content-encoding') ?? 'identity';
  // A small encoded body can be a large one.
  if (encoding.toLowerCase() !== 'identity') throw new UnsupportedContentEncodingError();
  const transfer = request.header('transfer-encoding') ?? 'chunked';
  // Node decodes no other, and would hand over the bytes as they came.
  if (transfer.toLowerCase() !== 'chunked') throw new UnsupportedContentEncodingError();
  if (Number(request.header('content-length') ?? 0) > maxBodyBytes) {
    throw new UploadTooLargeError(maxFileBytes);
  }
}

/** Receives a body with a signal that ends it when its client goes or makes no progress. */
export async function receiveBody<T>(
  request: Request,
  stallSeconds: number,
  receive: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // The client may have gone while its key was looked up or waited for: no event will tell then.
  if (request.destroyed) throw new RequestAbortedError();
  const abort = new AbortController();
  const onClose = (): void => {
    // Not `complete`: what has arrived but was not read yet is lost with the connection.
    if (!request.readableEnded) abort.abort(new RequestAbortedError());
  };
  request.once('close', onClose);
  const stopWatching = watchProgress(request, stallSeconds, abort);
  try {
    return await receive(abort.signal);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    request.off('close', onClose);
    stopWatching();
  }
}

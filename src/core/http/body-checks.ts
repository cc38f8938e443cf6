import { parse as parseContentType } from 'content-type';
import type { Request } from 'express';
import {
  BodyTooLargeError,
  UnsupportedContentEncodingError,
  UnsupportedMediaTypeError,
} from '../errors/http.errors.js';

/**
 * What the headers tell of a body of text: that it is UTF-8, is not encoded and not larger than it
 * may be.
 * @throws UnsupportedMediaTypeError, UnsupportedContentEncodingError, BodyTooLargeError
 */
export function refuseByHeaders(request: Request, maxBytes: number): void {
  const { charset } = parseContentType(request.headers['content-type'] ?? '').parameters;
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new UnsupportedMediaTypeError('JSON is read as UTF-8 only.');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  // A small compressed body can be a large one.
  if (encoding.toLowerCase() !== 'identity') throw new UnsupportedContentEncodingError();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw new BodyTooLargeError(maxBytes);
  }
}

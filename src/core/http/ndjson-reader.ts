import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ENV, type Env } from '../config/config.js';
import {
  BodyTooLargeError,
  MalformedBodyError,
  RequestAbortedError,
  ValidationFailedError,
} from '../errors/http.errors.js';
import { refuseByHeaders } from './body-checks.js';
import { inviteBody } from './expect-continue.js';
import { watchProgress } from './watch-progress.js';

export const NDJSON = 'application/x-ndjson';

export interface NdjsonLimits {
  maxBytes: number;
  /** Of one line, without its end. */
  maxLineBytes: number;
  maxLines: number;
}

export interface NdjsonLine {
  /** 1, 2, 3 … */
  number: number;
  value: unknown;
}

const NEWLINE = 0x0a;

/** Bodies of one JSON value a line, of which never more than a line is held as text. */
@Injectable()
export class NdjsonReader {
  constructor(@Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_STALL_SECONDS'>) {}

  /**
   * The lines of a body that nobody has read yet. Whoever stops reading leaves the request open, to
   * be answered.
   * @throws UnsupportedMediaTypeError, UnsupportedContentEncodingError, BodyTooLargeError,
   *   MalformedBodyError and ValidationFailedError for a line, RequestTimeoutError,
   *   RequestAbortedError
   */
  async *read(
    request: Request,
    response: Response,
    limits: NdjsonLimits,
  ): AsyncGenerator<NdjsonLine> {
    refuseByHeaders(request, limits.maxBytes);
    inviteBody(request, response);
    let number = 0;
    for await (const line of linesOf(this.receive(request, limits.maxBytes), limits)) {
      number += 1;
      if (number > limits.maxLines) {
        throw ValidationFailedError.of(
          `/lines/${number}`,
          `at most ${limits.maxLines} lines are taken`,
        );
      }
      yield { number, value: parseLine(line, number) };
    }
  }

  private async *receive(request: Request, maxBytes: number): AsyncGenerator<Buffer> {
    const abort = new AbortController();
    const stopWatching = watchProgress(request, this.env.UPLOAD_STALL_SECONDS, abort);
    const stalled = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error));
    });
    // It rejects whether or not somebody waits for it just then.
    stalled.catch(() => undefined);
    const chunks = request.iterator({ destroyOnReturn: false });
    let received = 0;
    try {
      for (;;) {
        const { done, value } = await Promise.race([nextOf(chunks), stalled]);
        if (done) return;
        received += value.length;
        if (received > maxBytes) throw new BodyTooLargeError(maxBytes);
        yield value;
      }
    } finally {
      stopWatching();
      // Not awaited: it would wait for a read that a client which sends nothing never ends.
      void chunks.return?.().catch(() => undefined);
    }
  }
}

async function nextOf(chunks: AsyncIterator<unknown>): Promise<IteratorResult<Buffer, undefined>> {
  try {
    return (await chunks.next()) as IteratorResult<Buffer, undefined>;
  } catch (cause) {
    // Nothing else fails in the body of a request.
    throw new RequestAbortedError({ cause });
  }
}

/** Each line without its end, `\n` or `\r\n`; the last one may lack it. */
async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  { maxLineBytes }: NdjsonLimits,
): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let number = 1;
  let length = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    // One more for the `\r` of its end.
    if (length > maxLineBytes + 1) {
      throw ValidationFailedError.of(`/lines/${number}`, `must have at most ${maxLineBytes} bytes`);
    }
    begun.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield begun.length === 1 ? (begun[0] as Buffer) : Buffer.concat(begun);
      begun = [];
      length = 0;
      number += 1;
      start = end + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (length > 0) yield Buffer.concat(begun);
}

function parseLine(line: Buffer, number: number): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch (cause) {
    throw new MalformedBodyError(`Line ${number} is not valid JSON in UTF-8.`, { cause });
  }
}

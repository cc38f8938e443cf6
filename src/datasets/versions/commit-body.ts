import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { MalformedBodyError, ValidationFailedError } from '../../core/errors/index.js';
import { NDJSON, NdjsonReader } from '../../core/http/ndjson-reader.js';
import { createPace } from '../../core/pace.js';
import { validated } from '../../core/validation/validation.js';
import type { Change } from './changes.js';
import { CommitHeaderDto } from './dto/commit.dto.js';
import { checkTogether, parseChange, parseChanges } from './parse-changes.js';

export interface CommitBody {
  branch: string;
  message: string;
  parent?: string | number;
  changes: Change[];
}

/** All changes of a commit stand in memory while it is made, at about half a KiB each. */
export const MAX_CHANGES = 1_000_000;
export const NDJSON_LIMITS = {
  maxBytes: 512 * 1024 * 1024,
  // Metadata of 64 KiB, and as much for all else and for escapes.
  maxLineBytes: 128 * 1024,
  maxLines: MAX_CHANGES + 1,
};

/** Where a change of an NDJSON body stands. */
export const toLine = (index: number): string => `/lines/${index + 2}`;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads commits, in the two forms that they come in; both ask for the same when they say the same. */
@Injectable()
export class CommitBodyReader {
  constructor(private readonly lines: NdjsonReader) {}

  /** @throws ValidationFailedError, MalformedBodyError, and what `NdjsonReader.read` throws */
  async read(request: Request, response: Response): Promise<CommitBody> {
    return request.is(NDJSON) ? this.fromLines(request, response) : fromJson(request.body);
  }

  /** The header on the first line, a change on each that follows. */
  private async fromLines(request: Request, response: Response): Promise<CommitBody> {
    const pace = createPace();
    let header: CommitHeaderDto | undefined;
    const changes: Change[] = [];
    for await (const { number, value } of this.lines.read(request, response, NDJSON_LIMITS)) {
      if (header) changes.push(await parseChange(value, `/lines/${number}`));
      else header = await headerOf(value, '/lines/1');
      await pace();
    }
    if (!header) throw new MalformedBodyError('The first line says what the commit is.');
    await checkTogether(changes, toLine);
    return toBody(header, changes);
  }
}

async function fromJson(body: unknown): Promise<CommitBody> {
  if (!isObject(body)) throw ValidationFailedError.of('', 'must be an object');
  const { changes, ...header } = body as Record<string, unknown>;
  const checked = await headerOf(header, '');
  if (!Array.isArray(changes)) throw ValidationFailedError.of('/changes', 'must be an array');
  if (changes.length > MAX_CHANGES) {
    throw ValidationFailedError.of('/changes', `must have at most ${MAX_CHANGES} items`);
  }
  return toBody(checked, await parseChanges(changes));
}

/** Apart from the changes, for which the rules of a DTO would take too long. */
async function headerOf(header: unknown, pointer: string): Promise<CommitHeaderDto> {
  if (!isObject(header)) throw ValidationFailedError.of(pointer, 'must be an object');
  try {
    return await validated(CommitHeaderDto, header);
  } catch (error) {
    throw error instanceof ValidationFailedError ? error.below(pointer) : error;
  }
}

const toBody = ({ branch, message, parent }: CommitHeaderDto, changes: Change[]): CommitBody => ({
  branch,
  message,
  parent: parent ?? undefined,
  changes,
});

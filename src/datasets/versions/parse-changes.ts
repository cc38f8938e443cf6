import { MAX_FILE_ID } from '../../core/contracts/ids.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { createPace } from '../../core/pace.js';
import { pointerTo } from '../../core/validation/json-pointer.js';
import { validated } from '../../core/validation/validation.js';
import type { Change, FilePut } from './changes.js';
import { parsePatch } from './parse-patch.js';
import { parsePath } from './paths.js';
import { PutDetailsDto } from './dto/put-details.dto.js';

const FIELDS: Record<Change['op'], readonly string[]> = {
  put: [
    'path',
    'fileId',
    'fileType',
    'fileName',
    'mimeType',
    'compressionType',
    'index',
    'metadata',
  ],
  delete: ['path'],
  move: ['from', 'path'],
  patch: ['path', 'key', 'upserts', 'deletes'],
};

/**
 * Checks one change of a request. By hand and not by class-validator, which takes a second for ten
 * thousand of them; what a put says of its file goes through the same DTO as an upload's description.
 * @throws ValidationFailedError
 */
export async function parseChange(given: unknown, pointer: string): Promise<Change> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw ValidationFailedError.of(pointer, 'must be an object');
  }
  const { op, ...fields } = given as Record<string, unknown>;
  if (op !== 'put' && op !== 'delete' && op !== 'move' && op !== 'patch') {
    throw ValidationFailedError.of(`${pointer}/op`, 'must be put, delete, move or patch');
  }
  const unknown = Object.keys(fields).find((name) => !FIELDS[op].includes(name));
  if (unknown !== undefined) {
    throw ValidationFailedError.of(pointer + pointerTo(unknown), `is no field of ${op}`);
  }
  const path = parsePath(fields['path'], `${pointer}/path`);
  if (op === 'delete') return { op, path };
  if (op === 'move') return { op, path, from: parsePath(fields['from'], `${pointer}/from`) };
  if (op === 'patch') return { op, path, ...parsePatch(fields, pointer) };
  return await parsePut(path, fields, pointer);
}

async function parsePut(
  path: string,
  { path: _, fileId, ...details }: Record<string, unknown>,
  pointer: string,
): Promise<FilePut> {
  if (!Number.isInteger(fileId) || Number(fileId) < 1 || Number(fileId) > MAX_FILE_ID) {
    throw ValidationFailedError.of(`${pointer}/fileId`, 'must be the id of a file');
  }
  const put: FilePut = { op: 'put', path, fileId: fileId as number };
  return Object.assign(put, await parseDetails(details, pointer));
}

/** What a put says of its file. @throws ValidationFailedError */
export async function parseDetails(details: object, pointer: string): Promise<PutDetailsDto> {
  if (Object.keys(details).length === 0) return {};
  try {
    return await validated(PutDetailsDto, details);
  } catch (error) {
    if (!(error instanceof ValidationFailedError)) throw error;
    throw error.below(pointer);
  }
}

/**
 * That the changes can hold together: a path is given a file at most once and taken one at most once,
 * and what is deleted is not put.
 * @param pointerOf where a change stands in the request
 * @throws ValidationFailedError
 */
export async function checkTogether(
  changes: readonly Change[],
  pointerOf = (index: number): string => `/changes/${index}`,
): Promise<void> {
  if (changes.length === 0) throw ValidationFailedError.of('/changes', 'must not be empty');
  const pace = createPace();
  const sets = { given: new Set<string>(), taken: new Set<string>(), deleted: new Set<string>() };
  for (const [index, change] of changes.entries()) {
    const fault = faultAmong(change, sets);
    if (fault) throw ValidationFailedError.of(`${pointerOf(index)}/${fault[0]}`, fault[1]);
    await pace();
  }
  const both = changes.findIndex(({ op, path }) => op !== 'delete' && sets.deleted.has(path));
  if (both >= 0) {
    throw ValidationFailedError.of(`${pointerOf(both)}/path`, 'is deleted in the same commit');
  }
}

/** The field of a change that is at fault beside those before it, and why. */
function faultAmong(
  change: Change,
  { given, taken, deleted }: Record<'given' | 'taken' | 'deleted', Set<string>>,
): [field: string, detail: string] | null {
  const { op, path } = change;
  if (op === 'move' && change.from === path) return ['path', 'is where it comes from'];
  if (op !== 'delete') {
    if (given.has(path)) return ['path', 'is given a file twice in this commit'];
    given.add(path);
  } else deleted.add(path);
  if (op === 'put') return null;
  if (op === 'patch' && taken.has(path)) return ['path', 'is taken away in this commit'];
  const [field, source] = op === 'move' ? ['from', change.from] : ['path', path];
  if (taken.has(source)) return [field, 'is taken away twice in this commit'];
  taken.add(source);
  return null;
}

/** The changes of a commit. @throws ValidationFailedError */
export async function parseChanges(given: readonly unknown[]): Promise<Change[]> {
  const pace = createPace();
  const changes: Change[] = [];
  for (const [index, change] of given.entries()) {
    changes.push(await parseChange(change, `/changes/${index}`));
    await pace();
  }
  return changes;
}

/** Files of a first version: puts, without saying so. @throws ValidationFailedError */
export async function parseFiles(given: readonly unknown[]): Promise<FilePut[]> {
  const pace = createPace();
  const puts: FilePut[] = [];
  for (const [index, file] of given.entries()) {
    const pointer = `/files/${index}`;
    if (typeof file !== 'object' || file === null || Array.isArray(file)) {
      throw ValidationFailedError.of(pointer, 'must be an object');
    }
    if ('op' in file) throw ValidationFailedError.of(`${pointer}/op`, 'is no field of a file');
    puts.push((await parseChange({ op: 'put', ...file }, pointer)) as FilePut);
    await pace();
  }
  return puts;
}

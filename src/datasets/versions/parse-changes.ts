import { MAX_FILE_ID } from '../../core/contracts/ids.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { pointerTo, validated } from '../../core/validation/validation.js';
import type { Change, PutChange } from './changes.js';
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
  if (op !== 'put' && op !== 'delete' && op !== 'move') {
    throw ValidationFailedError.of(`${pointer}/op`, 'must be put, delete or move');
  }
  const unknown = Object.keys(fields).find((name) => !FIELDS[op].includes(name));
  if (unknown !== undefined) {
    throw ValidationFailedError.of(pointer + pointerTo(unknown), `is no field of ${op}`);
  }
  const path = parsePath(fields['path'], `${pointer}/path`);
  if (op === 'delete') return { op, path };
  if (op === 'move') return { op, path, from: parsePath(fields['from'], `${pointer}/from`) };
  return await parsePut(path, fields, pointer);
}

async function parsePut(
  path: string,
  { path: _, fileId, ...details }: Record<string, unknown>,
  pointer: string,
): Promise<PutChange> {
  if (!Number.isInteger(fileId) || Number(fileId) < 1 || Number(fileId) > MAX_FILE_ID) {
    throw ValidationFailedError.of(`${pointer}/fileId`, 'must be the id of a file');
  }
  const put: PutChange = { op: 'put', path, fileId: fileId as number };
  return Object.assign(put, await parseDetails(details, pointer));
}

async function parseDetails(details: object, pointer: string): Promise<PutDetailsDto> {
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
 * and what is deleted is not put. @throws ValidationFailedError
 */
export function checkTogether(changes: readonly Change[]): void {
  if (changes.length === 0) throw ValidationFailedError.of('/changes', 'must not be empty');
  const [given, taken, deleted] = [new Set<string>(), new Set<string>(), new Set<string>()];
  changes.forEach((change, index) => {
    const refuse = (field: string, detail: string): never => {
      throw ValidationFailedError.of(`/changes/${index}/${field}`, detail);
    };
    if (change.op === 'move' && change.from === change.path)
      refuse('path', 'is where it comes from');
    if (change.op !== 'delete') {
      if (given.has(change.path)) refuse('path', 'is given a file twice in this commit');
      given.add(change.path);
    } else deleted.add(change.path);
    if (change.op === 'put') return;
    const [field, source] = change.op === 'move' ? ['from', change.from] : ['path', change.path];
    if (taken.has(source)) refuse(field, 'is taken away twice in this commit');
    taken.add(source);
  });
  const both = changes.findIndex(({ op, path }) => op !== 'delete' && deleted.has(path));
  if (both >= 0) {
    throw ValidationFailedError.of(`/changes/${both}/path`, 'is deleted in the same commit');
  }
}

/** The changes of a commit. @throws ValidationFailedError */
export async function parseChanges(given: readonly unknown[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const [index, change] of given.entries()) {
    changes.push(await parseChange(change, `/changes/${index}`));
  }
  return changes;
}

/** Files of a first version: puts, without saying so. @throws ValidationFailedError */
export async function parseFiles(given: readonly unknown[]): Promise<PutChange[]> {
  const puts: PutChange[] = [];
  for (const [index, file] of given.entries()) {
    const pointer = `/files/${index}`;
    if (typeof file !== 'object' || file === null || Array.isArray(file)) {
      throw ValidationFailedError.of(pointer, 'must be an object');
    }
    if ('op' in file) throw ValidationFailedError.of(`${pointer}/op`, 'is no field of a file');
    puts.push((await parseChange({ op: 'put', ...file }, pointer)) as PutChange);
  }
  return puts;
}

import { ValidationFailedError } from '../../core/errors/index.js';

const MAX_BYTES = 1024;
const CONTROL = /\p{Cc}/u;

/**
 * A path of a file in a version, in Unicode NFC, so that two spellings of one name are one path.
 * Paths are compared byte by byte: `A.csv` and `a.csv` are two files. They are data and never lead
 * to a file of the server.
 * @throws ValidationFailedError at `pointer`
 */
export function parsePath(given: unknown, pointer: string): string {
  const fault =
    typeof given === 'string' ? faultOfPath(given.normalize('NFC')) : 'must be a string';
  if (fault) throw ValidationFailedError.of(pointer, fault);
  return (given as string).normalize('NFC');
}

/** What is wrong with a path, or `null`. */
export function faultOfPath(path: string): string | null {
  if (path === '') return 'must not be empty';
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'must be valid Unicode in UTF-8';
  if (Buffer.byteLength(path) > MAX_BYTES) return `must have at most ${MAX_BYTES} bytes in UTF-8`;
  // It stands for what sorts after every path, in cursors and in the functions of the schema.
  if (path.includes('\u{10ffff}')) return 'must not hold the noncharacter U+10FFFF';
  if (CONTROL.test(path)) return 'must not hold control characters';
  if (path.includes('\\')) return 'must part its segments by / and not by \\';
  if (path.startsWith('/')) return 'must be relative: without / at its beginning';
  const segments = path.split('/');
  if (segments.includes('')) return 'must have no empty segment';
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    return 'must have no segment . or ..';
  }
  return null;
}

/** The folders that a path lies in, the outermost first: of `a/b/c` they are `a` and `a/b`. */
export function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}

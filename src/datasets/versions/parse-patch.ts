import {
  MAX_PATCH_ROWS,
  type GivenRow,
  type RowPatch,
} from '../../core/contracts/row-patches.contract.js';
import { PatchTooLargeError, ValidationFailedError } from '../../core/errors/index.js';

const MAX_KEY_COLUMNS = 16;

/**
 * The form of a patch, without a look at its table: that its values fit is for whoever reads tables.
 * @throws ValidationFailedError, PatchTooLargeError
 */
export function parsePatch(fields: Record<string, unknown>, pointer: string): RowPatch {
  const { key, upserts = [], deletes = [] } = fields;
  if (!Array.isArray(key) || key.length === 0 || key.length > MAX_KEY_COLUMNS) {
    throw ValidationFailedError.of(
      `${pointer}/key`,
      `must be an array of 1 to ${MAX_KEY_COLUMNS} names of columns`,
    );
  }
  const wrong = key.findIndex((name, at) => typeof name !== 'string' || key.indexOf(name) < at);
  if (wrong >= 0) {
    throw ValidationFailedError.of(
      `${pointer}/key/${wrong}`,
      'must be the name of a column, each once',
    );
  }
  const patch: RowPatch = {
    key: key as string[],
    upserts: parseRows(upserts, `${pointer}/upserts`),
    deletes: parseRows(deletes, `${pointer}/deletes`),
  };
  const rows = patch.upserts.length + patch.deletes.length;
  if (rows === 0) throw ValidationFailedError.of(pointer, 'must have upserts or deletes');
  if (rows > MAX_PATCH_ROWS) {
    throw new PatchTooLargeError('A patch', MAX_PATCH_ROWS);
  }
  return patch;
}

function parseRows(given: unknown, pointer: string): GivenRow[] {
  if (!Array.isArray(given)) throw ValidationFailedError.of(pointer, 'must be an array');
  const wrong = given.findIndex(
    (row) => typeof row !== 'object' || row === null || Array.isArray(row),
  );
  if (wrong >= 0) throw ValidationFailedError.of(`${pointer}/${wrong}`, 'must be an object');
  return given as GivenRow[];
}

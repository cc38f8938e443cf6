import { ValidationFailedError } from '../../../core/errors/index.js';
import type { FileDescriptionDto } from '../dto/file-description.dto.js';
import { parseDescription } from './describe.js';
import type { StagedPart } from './staging-engine.js';

/**
 * The descriptions of a batch: the field `items` is a JSON array with one object a part, in the
 * order of the parts; the other fields hold for every part whose object doesn't say otherwise.
 * @throws ValidationFailedError
 */
export async function batchDescriptions(
  fields: object,
  parts: readonly StagedPart[],
): Promise<FileDescriptionDto[]> {
  const { items, ...common } = fields as Record<string, unknown>;
  const shared = await parseDescription(common);
  if (items === undefined) return parts.map(() => shared);
  const own = parseItems(items);
  if (own.length !== parts.length) {
    throw ValidationFailedError.of('/items', `has ${own.length} entries for ${parts.length} files`);
  }
  return await Promise.all(
    own.map(async (item, index) => Object.assign({}, shared, given(await parseItem(item, index)))),
  );
}

async function parseItem(item: object, index: number): Promise<FileDescriptionDto> {
  try {
    return await parseDescription(item);
  } catch (error) {
    if (!(error instanceof ValidationFailedError)) throw error;
    throw error.below(`/items/${index}`);
  }
}

/** Without the fields that are declared but were not sent: they must not hide the shared ones. */
const given = (description: FileDescriptionDto): FileDescriptionDto =>
  Object.fromEntries(Object.entries(description).filter(([, value]) => value !== undefined));

function parseItems(items: unknown): object[] {
  try {
    const parsed: unknown = JSON.parse(String(items));
    const isObject = (item: unknown): item is object =>
      typeof item === 'object' && item !== null && !Array.isArray(item);
    if (Array.isArray(parsed) && parsed.every(isObject)) return parsed;
  } catch {
    // Told below with what it should be.
  }
  throw ValidationFailedError.of('/items', 'must be a JSON array of objects, as text');
}

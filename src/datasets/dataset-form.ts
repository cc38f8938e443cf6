import type { StagedPut } from '../core/contracts/dataset-service.contract.js';
import { ValidationFailedError } from '../core/errors/index.js';
import { validated } from '../core/validation/validation.js';
import { describe, faultOfFileName, type ReceivedForm } from '../storage/index.js';
import { CreateDatasetDto } from './dto/create-dataset.dto.js';
import type { PutChange } from './versions/changes.js';
import { parseDetails, parseFiles } from './versions/parse-changes.js';
import { parsePath } from './versions/paths.js';

export interface DatasetForm {
  fields: CreateDatasetDto;
  puts: PutChange[];
}

/** Fields whose text is JSON. `tags` may also come as one field a tag. */
const JSON_FIELDS = ['dataset', 'metadata', 'files', 'tags'] as const;

/**
 * A dataset with its files, as a form. The field `dataset` is the JSON form as text; its members may
 * also come as fields of their own. Each part of a file lies at the path that its file name is. An
 * entry of `files` with a `fileId` is a file that is there already; one without describes the part
 * at its path.
 * @throws ValidationFailedError
 */
export async function parseDatasetForm({ parts, fields }: ReceivedForm): Promise<DatasetForm> {
  const { dataset = {}, ...others } = parsed(fields);
  if (!isObject(dataset)) throw ValidationFailedError.of('/dataset', 'must be a JSON object');
  const { files = [], ...rest } = await validated(CreateDatasetDto, { ...dataset, ...others });
  const descriptions = new Map<string, Record<string, unknown>>();
  const existing: unknown[] = [];
  for (const [index, file] of files.entries()) {
    if (!isObject(file) || 'fileId' in file) existing.push(file);
    else descriptions.set(parsePath(file['path'], `/files/${index}/path`), file);
  }
  const puts: StagedPut[] = [];
  for (const [index, part] of parts.entries()) {
    const path = parsePath(part.hints.fileName, `/parts/${index}/fileName`);
    const put = await stagedPut(path, part, descriptions.get(path) ?? {});
    descriptions.delete(path);
    puts.push(put);
  }
  const [left] = descriptions.keys();
  if (left !== undefined) {
    throw ValidationFailedError.of(
      '/files',
      `${left} has neither a fileId nor a part of that name`,
    );
  }
  return { fields: rest as CreateDatasetDto, puts: [...(await parseFiles(existing)), ...puts] };
}

async function stagedPut(
  path: string,
  { staged, hints }: ReceivedForm['parts'][number],
  { path: _, ...details }: Record<string, unknown>,
): Promise<StagedPut> {
  const { index, ...description } = await parseDetails(details, '/files');
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A path may end in what would be no good name for a download.
  const fileName = faultOfFileName(name) === null ? name : undefined;
  const use = describe(description, { fileName, mimeType: hints.mimeType });
  return { op: 'put', path, index, staged: { ...staged, ...use } };
}

/** What was asked for, for `Idempotency-Key`: staged bytes are told by their content. */
export const askedBy = ({ fields, puts }: DatasetForm): object =>
  Object.assign({}, fields, {
    files: puts.map((put) => {
      if (!('staged' in put)) return put;
      const { attemptId: _, ...content } = put.staged;
      return { ...put, staged: content };
    }),
  });

/** The fields as members of the JSON form; an empty one counts as absent, as HTML forms send it. */
function parsed(fields: ReceivedForm['fields']): Record<string, unknown> {
  const given = Object.entries(fields).filter(([, value]) => value !== '');
  // What the parser of forms puts in the place of bytes that are no UTF-8.
  const broken = given.find(([, value]) =>
    [value].flat().some((text) => /\ufffd/.test(String(text))),
  );
  if (broken) throw ValidationFailedError.of(`/${broken[0]}`, 'must be valid Unicode in UTF-8');
  return Object.fromEntries(
    given.map(([name, value]) => [name, isJson(name, value) ? parseJson(name, value) : value]),
  );
}

function isJson(name: string, value: unknown): value is string {
  return typeof value === 'string' && JSON_FIELDS.some((field) => field === name);
}

function parseJson(name: string, value: string): unknown {
  if (name === 'tags' && !value.trimStart().startsWith('[')) return [value];
  try {
    return JSON.parse(value);
  } catch {
    throw ValidationFailedError.of(`/${name}`, 'must be JSON, as text');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

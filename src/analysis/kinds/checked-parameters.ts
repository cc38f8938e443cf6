import type { PinnedSource } from '../../core/contracts/jobs.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { validated } from '../../core/validation/validation.js';

/**
 * The parameters of a job, checked as bodies are: by the decorators of a DTO, unknown ones refused, all
 * faults at once, with pointers into the request. What is not given has the default of the class.
 * @throws ValidationFailedError
 */
export async function checkedParameters<T extends object>(
  dto: new () => T,
  parameters: Record<string, unknown>,
): Promise<T> {
  try {
    return await validated(dto, parameters);
  } catch (error) {
    throw error instanceof ValidationFailedError ? error.below('/parameters') : error;
  }
}

/** For kinds that read one table: a file, or a folder of files. @throws ValidationFailedError */
export function tableSource(source: PinnedSource | null): PinnedSource & { path: string } {
  if (!source) throw ValidationFailedError.of('/source', 'must name what is read');
  const { path } = source;
  if (path === null) {
    throw ValidationFailedError.of(
      '/source/path',
      'must be the path of a file, or of a folder: a/',
    );
  }
  return { ...source, path };
}

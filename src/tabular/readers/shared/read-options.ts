import type { z } from 'zod';
import { InvalidReadOptionsError } from '../../tabular.errors.js';

/** @throws InvalidReadOptionsError that names every option that is unknown or not possible */
export function parseOptions<T>(schema: z.ZodType<T>, given: Readonly<Record<string, unknown>>): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    for (const key of unknown) faults[key] = 'This format has no such option.';
    if (unknown.length === 0) faults[issue.path.join('.')] = issue.message;
  }
  throw new InvalidReadOptionsError(faults);
}

import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';

export interface WrittenLines {
  path: string;
  /** Bytes, at least those of the longest line. */
  longestRow: number;
}

/**
 * What a content was turned into, as a file of the job's folder: a job that describes a content and then
 * opens it, or opens it again, writes it once. Other contents of the job have other files.
 * @param how all that decides what is written, besides the content
 * @param write writes the file and gives the length of the longest line
 */
export async function writtenOnce(
  folder: string,
  content: LocalContent,
  how: unknown,
  write: (path: string) => Promise<number>,
): Promise<WrittenLines> {
  const key = createHash('sha256')
    .update(JSON.stringify([content.path, how]))
    .digest('hex');
  const path = join(folder, `${key.slice(0, 32)}.ndjson`);
  const note = `${path}.length`;
  try {
    return { path, longestRow: Number(await readFile(note, 'utf8')) };
  } catch {
    // Not yet there.
  }
  const longestRow = await write(path);
  await writeFile(`${note}.new`, String(longestRow));
  await rename(`${note}.new`, note);
  return { path, longestRow };
}

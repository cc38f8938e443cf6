import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestDatabase } from './database.js';

/** Flips one bit of a stored file, as a disk would. */
export async function flipBit(file: string, offset: number, bit = 0): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0]! ^= 1 << bit;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}

/** Where the local backend keeps the bytes of a file. */
export async function objectOf(
  { database, env }: { database: TestDatabase; env: { STRATUM_DATA_DIR: string } },
  fileId: number,
): Promise<string> {
  const [row] = await database.query<{ storage_key: string }>(
    'SELECT storage_key FROM files WHERE id = $1',
    [fileId],
  );
  return join(env.STRATUM_DATA_DIR, 'storage', row!.storage_key);
}

import { open, type FileHandle } from 'node:fs/promises';
import { isSwitchedOff } from '../../../core/faults/fault-switches.js';

/** Makes the bytes written so far durable; with `all`, its size and times too. */
export async function syncFile(handle: FileHandle, { all = true } = {}): Promise<void> {
  if (isSwitchedOff('fsync')) return;
  await (all ? handle.sync() : handle.datasync());
}

/** Makes the folder's entries durable: a rename or a new file is lost with the power without it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await syncFile(handle);
  } finally {
    await handle.close();
  }
}

export const isErrno = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

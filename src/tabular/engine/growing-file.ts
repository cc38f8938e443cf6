import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WrittenFile } from './written-file.js';

const CHUNK_BYTES = 1024 * 1024;
const POLL_MS = 50;

/**
 * A file that a child is writing, from its beginning to where it ends, while it is written. The child only
 * appends; a file that it has begun anew is another one, and what was read of this one fails.
 * @param becoming what it is when it is whole; rejects when it never will be
 */
export function growingFile(path: string, becoming: Promise<WrittenFile>): Readable {
  return Readable.from(bytesOf(path, becoming), { objectMode: false, highWaterMark: CHUNK_BYTES });
}

async function* bytesOf(path: string, becoming: Promise<WrittenFile>): AsyncGenerator<Buffer> {
  let whole: WrittenFile | null = null;
  const ended = becoming.then((file) => {
    whole = file;
  });
  ended.catch(() => undefined);
  let file: FileHandle | null = null;
  let inode = 0;
  // One that nothing was read into serves again: collecting those of every poll takes seconds.
  let buffer: Buffer | null = null;
  try {
    for (;;) {
      // Asked before the read: what is written until then is seen by it.
      const last = whole as WrittenFile | null;
      if (!file && (file = await open(path).catch(() => null))) inode = (await file.stat()).ino;
      buffer ??= Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = (await file?.read(buffer)) ?? { bytesRead: 0 };
      if (bytesRead > 0) {
        yield buffer.subarray(0, bytesRead);
        buffer = null;
      } else if (last) {
        if (inode !== last.inode) throw new Error('The file was begun anew.');
        return;
      } else await Promise.race([sleep(POLL_MS), ended]);
    }
  } finally {
    await file?.close();
  }
}

import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNK_BYTES = 1024 * 1024;
const POLL_MS = 10;

/** The child has begun the file anew: what was read of it until then is of another one. */
export class RewrittenError extends Error {}

/** Makes it once more when the child had to begin anew: by then it has learnt why, and will not again. */
export async function unlessRewritten<T>(make: () => Promise<T>): Promise<T> {
  return await make().catch(async (error: unknown) => {
    if (!(error instanceof RewrittenError)) throw error;
    return await make();
  });
}

/**
 * A file that a child is writing, from its beginning to where it ends, while it is written: so that the
 * bytes are hashed and stored beside the work and not after it. The child only appends.
 * @param written resolves when the file is whole, and rejects when it never will be
 */
export function growingFile(path: string, written: Promise<unknown>): Readable {
  return Readable.from(bytesOf(path, written), { objectMode: false, highWaterMark: CHUNK_BYTES });
}

async function* bytesOf(path: string, isWritten: Promise<unknown>): AsyncGenerator<Buffer> {
  let isWhole = false;
  const whole = isWritten.then(() => {
    isWhole = true;
  });
  whole.catch(() => undefined);
  let file: FileHandle | null = null;
  // One that nothing was read into serves again: collecting those of every poll takes seconds.
  let buffer: Buffer | null = null;
  try {
    for (;;) {
      // Asked before the read: what is written until then is seen by it.
      const isLast = isWhole;
      file ??= await open(path).catch(() => null);
      buffer ??= Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = (await file?.read(buffer)) ?? { bytesRead: 0 };
      if (bytesRead > 0) {
        yield buffer.subarray(0, bytesRead);
        buffer = null;
      } else if (isLast) break;
      else await Promise.race([sleep(POLL_MS), whole]);
    }
    await whole;
    if (!file) throw new Error('The file was never written.');
    const [read, written] = await Promise.all([file.stat(), stat(path)]);
    if (read.ino !== written.ino) throw new RewrittenError('The file was begun anew.');
  } finally {
    await file?.close();
  }
}

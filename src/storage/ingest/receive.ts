import type { Readable } from 'node:stream';
import type { IStagedFile } from '../../core/contracts/storage-backend.contract.js';
import { UploadTooLargeError } from '../../core/errors/index.js';
import { ChunkWriter } from './chunk-writer.js';
import { ContentHasher, type ReceivedContent } from './content-hasher.js';

/**
 * Writes a stream to a staged file and hashes it on the way, in one pass and constant memory: while
 * the backend writes one chunk the next is hashed. Chunks are passed on as they come, which is
 * cheaper than to gather large blocks: they are still in the processor's cache.
 */
export async function receive(
  content: Readable,
  staged: IStagedFile,
  maxBytes: number,
  onWritten: (bytes: number) => void,
): Promise<ReceivedContent> {
  const hasher = new ContentHasher();
  const writer = new ChunkWriter(staged);
  try {
    for await (const chunk of content) {
      const bytes = chunk as Buffer;
      if (hasher.size + bytes.length > maxBytes) throw new UploadTooLargeError(maxBytes);
      hasher.update(bytes);
      await writer.take(bytes);
      onWritten(bytes.length);
    }
    await writer.end();
  } catch (error) {
    // A staged file takes one call at a time: the write in flight ends before the abort comes.
    await writer.idle();
    throw error;
  }
  return hasher.content();
}

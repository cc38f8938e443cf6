import type { Readable } from 'node:stream';
import type { IStagedFile, StoredFileInfo } from '../../core/contracts/storage-backend.contract.js';

/** Writes a stream to a staged file and publishes it; nothing is left when the stream fails. */
export async function storeStream(staged: IStagedFile, content: Readable): Promise<StoredFileInfo> {
  try {
    for await (const chunk of content) await staged.write(Buffer.from(chunk as Uint8Array));
    await staged.seal();
    return await staged.publish();
  } catch (error) {
    await staged.abort();
    throw error;
  }
}

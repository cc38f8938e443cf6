import type { Readable } from 'node:stream';
import type { IStagedFile, StoredFileInfo } from '../../core/contracts/storage-backend.contract.js';

/** Writes a stream to a staged file and publishes it; nothing is left when the stream fails. */
export async function storeStream(
  open: () => Promise<IStagedFile>,
  content: Readable,
): Promise<StoredFileInfo> {
  // A stream that fails before it is read would end the process; the loop below throws its error.
  content.on('error', () => undefined);
  const staged = await open();
  try {
    for await (const chunk of content) await staged.write(Buffer.from(chunk as Uint8Array));
    await staged.seal();
    return await staged.publish();
  } catch (error) {
    // The first failure is the one to tell; what it leaves behind has no published name.
    await staged.abort().catch(() => undefined);
    throw error;
  }
}

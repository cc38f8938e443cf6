import * as zlib from 'node:zlib';
import { compressionRegistry, CompressionType } from 'apache-arrow';
import { unpackLz4Frame } from './lz4-frame.js';

/** Bytes of one buffer of a batch. */
const MAX_BUFFER = 512 * 1024 * 1024;

/** Tells the library how buffers are unpacked: it brings no codec of its own. */
export function registerCodecs(): void {
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: unpackLz4Frame });
  compressionRegistry.set(CompressionType.ZSTD, {
    decode: (data) => {
      // Node 22 has it from 22.15 on.
      if (typeof zlib.zstdDecompressSync !== 'function') {
        throw new RangeError('zstd can be read with Node 22.15 and later');
      }
      return zlib.zstdDecompressSync(data, { maxOutputLength: MAX_BUFFER });
    },
  });
}

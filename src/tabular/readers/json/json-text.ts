import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { unpackedBytes } from '../shared/unpacked.js';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** By its mark or, as RFC 4627 has it, by where the zero bytes of the first two characters are. */
export function encodingOf(head: Uint8Array): string {
  const mark = Buffer.from(head.subarray(0, 2)).toString('hex');
  if (mark === 'fffe') return 'utf-16le';
  if (mark === 'feff') return 'utf-16be';
  const zeros = Array.from(head.subarray(0, 4), (byte) => (byte === 0 ? '0' : 'x')).join('');
  return { x0x0: 'utf-16le', '0x0x': 'utf-16be' }[zeros] ?? 'utf-8';
}

export const hasBom = (head: Uint8Array): boolean => BOM.equals(head.subarray(0, 3));

async function* transcoded(
  pieces: AsyncIterable<Buffer>,
  encoding: string,
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      const text = decoder.decode(piece, { stream: true });
      bytes += piece.length;
      if (text) yield Buffer.from(text);
    }
    decoder.decode();
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    throw new UnreadableTableError(
      `The text is not ${encoding} within the first ${bytes} bytes.`,
      {},
      cause,
    );
  }
}

async function* withoutBom(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const piece of pieces) {
    yield first && hasBom(piece) ? piece.subarray(3) : piece;
    first = false;
  }
}

/** The text of a content as UTF-8 without a mark, unpacked. @throws UnreadableTableError as it goes */
export function jsonText(content: LocalContent, encoding: string): AsyncGenerator<Buffer> {
  const bytes = unpackedBytes(content);
  return encoding === 'utf-8' ? withoutBom(bytes) : transcoded(bytes, encoding);
}

import { canonicalPieces } from '../../core/canonical-json.js';
import { byPath } from './by-path.js';
import type { DescribedChange, DescribedPut } from './changes.js';

/**
 * The overlay document of a version: its changes against its parent, ordered by path, as canonical
 * JSON (RFC 8785), so that equal changes are equal bytes. In pieces, for there may be very many.
 */
export async function* overlayDocument(
  changes: readonly DescribedChange[],
): AsyncGenerator<Buffer> {
  const entries = changes.map((change) => (change.op === 'put' ? putEntry(change) : change));
  const document = { version: 1, changes: await byPath(entries) };
  for await (const piece of canonicalPieces(document)) yield Buffer.from(piece);
}

const putEntry = ({ op, path, file: { contentHash, size, use, index } }: DescribedPut) => ({
  op,
  path,
  contentHash: `sha256:${contentHash}`,
  size,
  fileType: use.fileType,
  fileName: use.fileName ?? null,
  mimeType: use.mimeType ?? null,
  compressionType: use.compressionType ?? null,
  index,
  metadata: use.metadata ?? {},
});

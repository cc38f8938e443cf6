import { canonicalPieces } from '../../core/canonical-json.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import { byPath } from './by-path.js';
import type { Change, PutChange } from './changes.js';

/** A put with all that is known of its file when it is made. */
export interface DescribedPut {
  change: PutChange;
  contentHash: string;
  size: number;
  use: FileUse;
}

/**
 * The overlay document of a version: its changes against its parent, ordered by path, as canonical
 * JSON (RFC 8785), so that equal changes are equal bytes. In pieces, for there may be very many.
 */
export async function* overlayDocument(
  changes: readonly Change[],
  puts: ReadonlyMap<PutChange, DescribedPut>,
): AsyncGenerator<Buffer> {
  const entries = changes.map((change) =>
    change.op === 'put' ? putEntry(puts.get(change) as DescribedPut) : change,
  );
  const document = { version: 1, changes: await byPath(entries) };
  for await (const piece of canonicalPieces(document)) yield Buffer.from(piece);
}

const putEntry = ({ change, contentHash, size, use }: DescribedPut) => ({
  op: change.op,
  path: change.path,
  contentHash: `sha256:${contentHash}`,
  size,
  fileType: use.fileType,
  fileName: use.fileName ?? null,
  mimeType: use.mimeType ?? null,
  compressionType: use.compressionType ?? null,
  index: change.index ?? null,
  metadata: use.metadata ?? {},
});

import { canonicalPieces } from '../../core/canonical-json.js';
import { byPath } from './by-path.js';
import type { DescribedChange, DescribedPatches, DescribedPut } from './changes.js';

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

const putEntry = ({
  op,
  path,
  file: { contentHash, size, use, index, patches },
}: DescribedPut) => ({
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
  ...(patches && { patches: patchesEntry(patches) }),
});

/** All of them and not the newest alone, so that a document says by itself what a file is made of. */
const patchesEntry = ({ key, chain }: DescribedPatches) => ({
  key,
  chain: chain.map(({ contentHash, size, inserts, updates, deletes }) => ({
    contentHash: `sha256:${contentHash}`,
    size,
    inserts,
    updates,
    deletes,
  })),
});

import canonicalize from 'canonicalize';
import type { DescribedChange, DescribedPut } from './changes.js';

/**
 * The overlay document of a version: its changes against its parent, ordered by path, as canonical
 * JSON (RFC 8785), so that equal changes are equal bytes.
 */
export function overlayDocument(changes: readonly DescribedChange[]): Buffer {
  const entries = changes
    .map((change) => (change.op === 'put' ? putEntry(change) : change))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return Buffer.from(canonicalize({ version: 1, changes: entries }) as string);
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

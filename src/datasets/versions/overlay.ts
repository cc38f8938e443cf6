import canonicalize from 'canonicalize';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
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
 * JSON (RFC 8785), so that equal changes are equal bytes.
 */
export function overlayDocument(
  changes: readonly Change[],
  puts: ReadonlyMap<PutChange, DescribedPut>,
): Buffer {
  const entries = changes
    .map((change) => (change.op === 'put' ? putEntry(puts.get(change) as DescribedPut) : change))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return Buffer.from(canonicalize({ version: 1, changes: entries }) as string);
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

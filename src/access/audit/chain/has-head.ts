import type { Transaction } from '../../../core/database/index.js';
import type { AuditChainRepository } from './audit-chain.repository.js';
import type { Segment } from './chain.js';

/** Whether the chain has, at the place of this end, the same hash; of dropped entries the head tells. */
export async function hasHead(
  tx: Transaction,
  chain: AuditChainRepository,
  head: Pick<Segment, 'lastSeq' | 'headHash'>,
): Promise<boolean> {
  const hash = await chain.hashAt(tx, head.lastSeq);
  if (hash) return hash.equals(head.headHash);
  const segment = await chain.segmentAt(tx, head.lastSeq);
  // Of the middle of a dropped segment nothing is left to compare.
  if (segment?.droppedAt == null) return false;
  return segment.lastSeq !== head.lastSeq || segment.headHash.equals(head.headHash);
}

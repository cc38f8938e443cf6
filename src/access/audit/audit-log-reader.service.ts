import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { AuditLogRepository, type AuditFilter, type AuditRecord } from './audit-log.repository.js';

export interface AuditQuestion {
  /** A user's id or name. */
  actor?: string;
  /** An action, or the beginning of some that ends with a dot. */
  action?: string;
  target?: string;
  requestId?: string;
  from?: string;
  to?: string;
  afterSeq?: number;
  cursor?: string;
  limit: number;
}

const LIST = 'audit';
const isPlace = (key: unknown): key is number => Number.isSafeInteger(key);

@Injectable()
export class AuditLogReader {
  constructor(private readonly log: AuditLogRepository) {}

  /**
   * Newest first, in the order of ids; those of transactions that run at the same time may come out of
   * it. With `afterSeq` in the order of the chain, which has no such gaps. @throws CursorMismatchError
   */
  async list({ cursor, limit, ...question }: AuditQuestion): Promise<Page<AuditRecord>> {
    const { actor, action, afterSeq, from, to, target, requestId } = question;
    const isId = actor !== undefined && isUuid(actor);
    const isKind = action?.endsWith('.') === true;
    const isChain = afterSeq !== undefined;
    const place = decodeCursor(cursor, LIST, question, isPlace);
    const filter: AuditFilter = {
      actorId: isId ? actor : undefined,
      actorName: isId ? undefined : actor,
      action: isKind ? undefined : action,
      kind: isKind ? action : undefined,
      target,
      requestId,
      from: from && new Date(from),
      to: to && new Date(to),
      ...(isChain ? { afterSeq: place ?? afterSeq } : { beforeId: place ?? undefined }),
    };
    const found = await this.log.list(filter, limit + 1);
    return pageOf(found, limit, ({ id, seq }) => encodeCursor(isChain ? seq : id, LIST, question));
  }
}

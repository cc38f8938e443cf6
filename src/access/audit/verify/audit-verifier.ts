import type { Transaction } from '../../../core/database/index.js';
import { fingerprintOf } from '../../../core/ed25519.js';
import type {
  AuditChainRepository,
  ChainedSeal,
  KeptSegment,
} from '../chain/audit-chain.repository.js';
import {
  GENESIS,
  hashOf,
  isDropSigned,
  isSigned,
  type Drop,
  type Segment,
} from '../chain/chain.js';
import { hasHead } from '../chain/has-head.js';
import { AuditFindings, type AuditFault, type AuditReport } from './audit-report.js';

export interface Evidence {
  /** Fingerprints of the keys whose signature counts. */
  trusted: ReadonlySet<string>;
  /** Ends of the chain that were kept outside of the database. */
  heads: readonly Segment[];
  /** Names of ends that were kept and can't be read. */
  unreadable: readonly string[];
}

const SEGMENTS = 100;
const MAX_KEYS = 100;

/**
 * Goes through the whole log once, in one snapshot and in constant memory. After a fault it goes on
 * from what is stored, so that one changed entry is one finding.
 */
export class AuditVerifier {
  private readonly findings = new AuditFindings();
  private readonly keys = new Set<string>();
  private entries = 0;
  private segments = 0;
  private dropped = 0;
  private last: KeptSegment | null = null;

  constructor(
    private readonly chain: AuditChainRepository,
    private readonly tx: Transaction,
    private readonly evidence: Evidence,
  ) {}

  async verify(): Promise<AuditReport> {
    await this.chain.beginSnapshot(this.tx);
    for (;;) {
      const more = await this.chain.segmentsAfter(this.tx, this.last?.id ?? 0, SEGMENTS);
      for (const segment of more) await this.checkSegment(segment);
      if (more.length < SEGMENTS) break;
    }
    await this.checkLooseEnds();
    for (const head of this.evidence.heads) await this.checkHead(head);
    for (const name of this.evidence.unreadable) {
      this.add('head-unreadable', `${name} is not an end of the chain as Stratum writes it.`, {});
    }
    const { count, oldestAt } = await this.chain.countPending(this.tx);
    return {
      ok: this.findings.count === 0,
      entries: this.entries,
      segments: this.segments,
      dropped: this.dropped,
      head: this.last && { seq: this.last.lastSeq, hash: this.last.headHash.toString('hex') },
      unsealed: { entries: count, oldestAt },
      keys: [...this.keys],
      heads: this.evidence.heads.length,
      findings: this.findings.told,
      findingsInAll: this.findings.count,
    };
  }

  private async checkSegment(segment: KeptSegment): Promise<void> {
    const previous = this.last;
    this.checkPlace(segment, previous);
    this.checkSignature(segment);
    this.last = segment;
    this.segments += 1;
    if (isKept(segment)) {
      await this.checkEntries(segment);
      return;
    }
    this.dropped += 1;
    const [left] = await this.chain.chainAfter(this.tx, segment.firstSeq - 1, segment.lastSeq);
    if (left) {
      const message = `Segment ${segment.id} counts as dropped, and entries of it are there.`;
      this.add('segment-broken', message, { segment: segment.id, seq: left.seq });
    }
  }

  private checkPlace(segment: KeptSegment, previous: KeptSegment | null): void {
    const at = { segment: segment.id, seq: segment.firstSeq };
    if (segment.id !== (previous?.id ?? 0) + 1) {
      this.add('segment-missing', `There is no segment before segment ${segment.id}.`, at);
    }
    if (
      segment.firstSeq !== (previous?.lastSeq ?? 0) + 1 ||
      segment.lastSeq < segment.firstSeq ||
      !segment.previousHash.equals(previous?.headHash ?? GENESIS)
    ) {
      const message = `Segment ${segment.id} does not begin where the one before it ends.`;
      this.add('segment-broken', message, at);
    }
  }

  private checkSignature(segment: KeptSegment): void {
    const at = { segment: segment.id, seq: segment.lastSeq };
    const drop = segment as Drop;
    const isRight = isSigned(segment) && (isKept(segment) || isWhole(segment, drop));
    if (!isRight) {
      this.add('signature-invalid', `The signature of segment ${segment.id} is not valid.`, at);
      return;
    }
    this.checkKey(segment.publicKey, `Segment ${segment.id}`, at);
    if (!isKept(segment)) this.checkKey(drop.dropPublicKey, `The drop of ${segment.id}`, at);
  }

  private checkKey(publicKey: Buffer, what: string, at: object): void {
    const key = fingerprintOf(publicKey);
    if (this.keys.size < MAX_KEYS) this.keys.add(key);
    if (this.evidence.trusted.has(key)) return;
    this.add('key-untrusted', `${what} is signed with a key that is not trusted: ${key}.`, at);
  }

  private async checkEntries(segment: KeptSegment): Promise<void> {
    let hash = segment.previousHash;
    let seq = segment.firstSeq - 1;
    for (;;) {
      const portion = await this.chain.chainAfter(this.tx, seq, segment.lastSeq);
      for (const seal of portion) {
        this.checkEntry(seal, seq, hash);
        ({ seq, hash } = seal);
      }
      if (portion.length === 0) break;
    }
    if (seq < segment.lastSeq) this.addMissing(seq + 1, segment.lastSeq);
    if (!hash.equals(segment.headHash)) {
      const message = `The chain does not come to the head of segment ${segment.id}.`;
      this.add('segment-broken', message, { segment: segment.id, seq: segment.lastSeq });
    }
  }

  private checkEntry(seal: ChainedSeal, before: number, previous: Buffer): void {
    const at = { seq: seal.seq, entryId: seal.entryId };
    if (seal.seq !== before + 1) this.addMissing(before + 1, seal.seq - 1);
    if (!seal.entry) {
      this.add('entry-missing', `Entry ${seal.entryId} is not in the log.`, at);
    } else if (hashOf(previous, seal.entry).equals(seal.hash)) {
      this.entries += 1;
    } else {
      const message = `Entry ${seal.entryId}, or its place in the chain, was changed.`;
      this.add('entry-changed', message, at);
    }
  }

  private addMissing(from: number, to: number): void {
    this.add('seal-missing', `The chain has no places ${from} to ${to}.`, { seq: from });
  }

  /** What the walk along the segments does not come by. */
  private async checkLooseEnds(): Promise<void> {
    for (const { seq, entryId } of await this.chain.sealsOutside(this.tx)) {
      const message = `The place ${seq} of the chain is in no segment.`;
      this.add('seal-outside', message, { seq, entryId });
    }
    for (const entryId of await this.chain.unqueued(this.tx)) {
      const message = `Entry ${entryId} is neither in the chain nor on its way there.`;
      this.add('entry-unsealed', message, { entryId });
    }
    for (const entryId of await this.chain.wronglyQueued(this.tx)) {
      const message = `Entry ${entryId} waits for its seal, and is not there or has one.`;
      this.add('queue-broken', message, { entryId });
    }
  }

  private async checkHead(head: Segment): Promise<void> {
    const at = { seq: head.lastSeq, segment: head.id };
    if (!isSigned(head)) {
      this.add('signature-invalid', `The end at ${head.lastSeq} that was kept is not signed.`, at);
      return;
    }
    this.checkKey(head.publicKey, `The end at ${head.lastSeq} that was kept`, at);
    if (await hasHead(this.tx, this.chain, head)) return;
    const message = `The chain had another entry at ${head.lastSeq}: it was cut off or written anew.`;
    this.add('head-lost', message, at);
  }

  private add(fault: AuditFault, message: string, at: object): void {
    this.findings.add({ fault, message, ...at });
  }
}

const isKept = (segment: KeptSegment): boolean =>
  segment.droppedAt === null && segment.dropPublicKey === null && segment.dropSignature === null;

/** The three parts of a drop are there, and belong together. */
const isWhole = (segment: KeptSegment, drop: Drop): boolean =>
  Boolean(drop.droppedAt && drop.dropPublicKey && drop.dropSignature) &&
  isDropSigned(segment, drop);

/** What is wrong with an audit log. */
export type AuditFault =
  | 'entry-changed'
  | 'entry-missing'
  | 'entry-unsealed'
  | 'seal-missing'
  | 'seal-outside'
  | 'segment-missing'
  | 'segment-broken'
  | 'signature-invalid'
  | 'key-untrusted'
  | 'queue-broken'
  | 'head-lost'
  | 'head-unreadable';

export interface AuditFinding {
  fault: AuditFault;
  message: string;
  /** The place in the chain. */
  seq?: number;
  entryId?: string;
  segment?: number;
}

export interface AuditReport {
  /** Whether nothing was found. An unsealed tail is no finding. */
  ok: boolean;
  /** Entries whose hash is right. */
  entries: number;
  segments: number;
  /** Of those, segments whose entries were dropped by the retention. */
  dropped: number;
  /** Where the chain ends. */
  head: { seq: number; hash: string } | null;
  /** Committed and not in the chain yet. */
  unsealed: { entries: number; oldestAt: string | null };
  /** Fingerprints of the keys that have signed. */
  keys: string[];
  /** How many ends that were kept elsewhere it was compared with. */
  heads: number;
  /** The first ones, in the order of the chain. */
  findings: AuditFinding[];
  findingsInAll: number;
}

/** More are counted and not told: a report of a log that was written anew must not grow with it. */
const TOLD = 100;

export class AuditFindings {
  readonly told: AuditFinding[] = [];
  count = 0;

  add(finding: AuditFinding): void {
    this.count += 1;
    if (this.told.length < TOLD) this.told.push(finding);
  }
}

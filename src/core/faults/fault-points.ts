/**
 * Named points of the ingest protocol at which a test can have the process killed, to prove that
 * what was acknowledged survives and the rest leaves nothing behind. Without STRATUM_FAULT_POINT a
 * point is a comparison with null.
 *
 * C0 before the intent, C1 after it, C2 amid the bytes, C3 sealed, C4 in the dedup transaction,
 * C5 dedup committed, C6 published, C7 in the transaction, C8 committed, C9 own bytes of a loser
 * dropped, C10 before a heal's swap, D1 in a delete, G1 in dooming, G2 reaped, G3 bytes removed.
 * Of resumable uploads: T1 the lock was asked for and a call on the bytes comes next, T2 a checkpoint is on
 * the disk and not in its row, T3 before the completing transaction, T4 bytes were copied to a place of
 * their own, T5 that place is the upload's.
 */
export const FAULT_POINTS = [
  'C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9', 'C10', 'D1', 'G1', 'G2', 'G3',
  'T1', 'T2', 'T3', 'T4', 'T5',
] as const; // prettier-ignore
export type FaultPoint = (typeof FAULT_POINTS)[number];

let armed: { name: string; passes: number; signal: NodeJS.Signals } | null = null;

/** `C6` kills at the first pass, `C6:3` at the third; `C6:3:freeze` stops there until SIGCONT. */
export function armFaultPoint(spec: string | undefined): void {
  const [name, nth, how] = spec?.split(':') ?? [];
  const signal = how === 'freeze' ? 'SIGSTOP' : 'SIGKILL';
  armed = name ? { name, passes: Number(nth ?? 1), signal } : null;
}

export function faultPoint(name: FaultPoint): void {
  if (armed?.name !== name) return;
  armed.passes -= 1;
  // SIGKILL: no handler, no flush, as if the machine's owner had pulled the process out.
  if (armed.passes !== 0) return;
  process.kill(process.pid, armed.signal);
  // Another thread may have taken the signal: this one goes no further before it is stopped as well.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}

/**
 * Named points of the ingest protocol at which a test can have the process killed, to prove that
 * what was acknowledged survives and the rest leaves nothing behind. Without STRATUM_FAULT_POINT a
 * point is a comparison with null.
 *
 * C0 before the intent, C1 after it, C2 amid the bytes, C3 sealed, C4 in the dedup transaction,
 * C5 dedup committed, C6 published, C7 in the transaction, C8 committed, C9 own bytes of a loser
 * dropped, C10 before a heal's swap, D1 in a delete, G1 in dooming, G2 reaped, G3 bytes removed.
 */
export const FAULT_POINTS = [
  'C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9', 'C10', 'D1', 'G1', 'G2', 'G3',
] as const; // prettier-ignore
export type FaultPoint = (typeof FAULT_POINTS)[number];

let armed: { name: string; passes: number } | null = null;

/** `C6` kills at the first pass, `C6:3` at the third. */
export function armFaultPoint(spec: string | undefined): void {
  const [name, nth] = spec?.split(':') ?? [];
  armed = name ? { name, passes: Number(nth ?? 1) } : null;
}

export function faultPoint(name: FaultPoint): void {
  if (armed?.name !== name) return;
  armed.passes -= 1;
  // SIGKILL: no handler, no flush, as if the machine's owner had pulled the process out.
  if (armed.passes === 0) process.kill(process.pid, 'SIGKILL');
}

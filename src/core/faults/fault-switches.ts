/**
 * Safeguards that the fault tests can switch off, to see that they then find what is lost: a harness
 * that finds nothing without them is blind.
 *
 * `fsync`: nothing is flushed to the disk. `fence`: an upload that was taken for dead may still publish.
 * `own-place`: the staged bytes of a writer that never let go are gone on with where they are.
 */
export const FAULT_SWITCHES = ['fsync', 'fence', 'own-place'] as const;
export type FaultSwitch = (typeof FAULT_SWITCHES)[number];

let off: FaultSwitch | null = null;

export function switchOff(safeguard: FaultSwitch | undefined): void {
  off = safeguard ?? null;
}

export const isSwitchedOff = (safeguard: FaultSwitch): boolean => off === safeguard;

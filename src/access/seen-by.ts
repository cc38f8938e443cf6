import type { Principal } from '../core/contracts/principal.contract.js';

/** The one user whose things this caller sees; `null`: everybody's. */
export const seenBy = (caller: Principal): string | null => (caller.isAdmin ? null : caller.id);

import type { DatasetView } from '../core/contracts/dataset-repository.contract.js';
import { DATASET_ROLES, type DatasetRole } from '../core/contracts/principal.contract.js';
import { ForbiddenError } from '../core/errors/index.js';

/** @throws ForbiddenError when the caller, who may read the dataset, has a lower role on it */
export function requireRole({ role }: Pick<DatasetView, 'role'>, needed: DatasetRole): void {
  if (DATASET_ROLES.indexOf(role) >= DATASET_ROLES.indexOf(needed)) return;
  throw new ForbiddenError(`This needs the role ${needed} on the dataset; the key's is ${role}.`);
}

import type { Env } from '../../core/config/config.js';
import type { IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { UnitOfWork } from '../../core/database/index.js';
import { Metrics } from '../../core/metrics/metrics.js';
import { withInstalledStore } from '../open-store.js';
import type { CollectionOptions, CollectionReport } from './collection-report.js';
import { Collection } from './collection.service.js';
import { GarbageCollector } from './garbage-collector.service.js';
import { GarbageRepository, type FailedRemoval } from './garbage.repository.js';
import { GcRunsRepository } from './gc-runs.repository.js';
import { GcStateRepository } from './gc-state.repository.js';
import { RestoreGuard } from './restore-guard.service.js';

const WORST_FAILURES = 20;

export interface CommandReport extends CollectionReport {
  failures: { count: number; items: FailedRemoval[] };
}

/** For commands: one turn, without an application around it. */
export async function collectGarbage(
  env: Env,
  unitOfWork: UnitOfWork,
  audit: IAuditLog,
  options: CollectionOptions,
): Promise<CommandReport> {
  return await withInstalledStore(env, async (backend) => {
    const garbage = new GarbageRepository();
    const runs = new GcRunsRepository();
    const guard = new RestoreGuard(backend, new GcStateRepository(), unitOfWork);
    const collection = new Collection(backend, env, garbage, guard, runs, unitOfWork);
    const metrics = new Metrics();
    const collector = new GarbageCollector(env, audit, collection, runs, metrics, unitOfWork);
    const report = await collector.run(null, options);
    const failures = await unitOfWork.run((tx) => garbage.failures(tx, WORST_FAILURES));
    return { ...report, failures };
  });
}

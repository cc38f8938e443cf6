import { randomInt } from 'node:crypto';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { FsckRunNotFoundError, FsckRunningError } from './fsck.errors.js';
import { FsckRunner } from './fsck-runner.service.js';
import { FsckRunsRepository, type FsckRunSummary } from './fsck-runs.repository.js';
import type { FsckFinding, FsckOptions } from './findings.js';

const LIST = 'fsck';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isId = (key: unknown): key is string => typeof key === 'string' && UUID.test(key);

export type FsckRunView = FsckRunSummary & { findings: FsckFinding[] };

/** Checks of the store that admins start on a running installation: one at a time, told of by any replica. */
@Injectable()
export class FsckRuns implements BeforeApplicationShutdown {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly runs: FsckRunsRepository,
    private readonly runner: FsckRunner,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.runner.stop();
  }

  /** Starts one in this process; nobody waits for it. @throws FsckRunningError */
  async start(caller: Principal, asked: Omit<FsckOptions, 'seed'>): Promise<FsckRunView> {
    const id = uuidv7();
    const options = { ...asked, seed: randomInt(2 ** 32) };
    await this.runs.endDead();
    await this.unitOfWork.run(async (tx) => {
      if (!(await this.runs.insert(tx, { id, ...options, startedBy: caller.id }))) {
        throw new FsckRunningError((await this.runs.runningId(tx)) ?? 'it has just ended');
      }
      await this.log.record(tx, caller, {
        action: 'fsck.start',
        targets: [`fsck:${id}`],
        before: null,
        after: options,
        details: options,
      });
    });
    this.runner.begin(id, options);
    return await this.get(id);
  }

  /** @throws FsckRunNotFoundError */
  async get(id: string): Promise<FsckRunView> {
    await this.runs.endDead();
    const run = isId(id) ? await this.runs.find(id) : null;
    if (!run) throw new FsckRunNotFoundError();
    return run;
  }

  /** Newest first. @throws CursorMismatchError */
  async list(query: { cursor?: string; limit: number }): Promise<Page<FsckRunSummary>> {
    await this.runs.endDead();
    const before = decodeCursor(query.cursor, LIST, {}, isId);
    const runs = await this.runs.list(before, query.limit + 1);
    return pageOf(runs, query.limit, ({ id }) => encodeCursor(id, LIST, {}));
  }

  /** What it has done stays done; one that has ended stays as it is. @throws FsckRunNotFoundError */
  async cancel(caller: Principal, id: string): Promise<void> {
    const { status } = await this.get(id);
    await this.unitOfWork.run(async (tx) => {
      if (!(await this.runs.cancel(tx, id))) return;
      await this.log.record(tx, caller, {
        action: 'fsck.cancel',
        targets: [`fsck:${id}`],
        before: { status },
        after: { status: 'cancelled' },
      });
    });
  }
}

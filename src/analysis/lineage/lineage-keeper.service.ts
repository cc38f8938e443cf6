import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { UnitOfWork } from '../../core/database/index.js';
import { RunsMadeRepository } from './runs-made.repository.js';

const INTERVAL_MS = 3_600_000;
const BATCH = 1_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Forgets runs of which nothing is left. */
@Injectable()
export class LineageKeeper extends PeriodicTask {
  constructor(
    private readonly runs: RunsMadeRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({ intervalMs: INTERVAL_MS, failure: 'Lineage that nothing is left of was not removed.' });
  }

  async turn(): Promise<void> {
    for (let after: string | null = FIRST; after !== null && !this.isStopping;) {
      const from: string = after;
      after = await this.unitOfWork.run((tx) => this.runs.removeForgotten(tx, from, BATCH));
    }
  }
}

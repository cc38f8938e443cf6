import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { ENV, type Env } from '../../core/config/config.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { DerivedResultsRepository, type DoomedResult } from './derived-results.repository.js';
import { derivedOwner } from './result-keeper.service.js';

const SWEEP_MS = 3_600_000;

/** Gives up results that nobody uses, whose contents are gone, or that are too many. */
@Injectable()
export class ResultSweeper extends PeriodicTask {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly results: DerivedResultsRepository,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({ intervalMs: SWEEP_MS, failure: 'Results that nobody uses were not given up.' });
  }

  /** How many were given up. */
  async sweep(): Promise<number> {
    const { RESULTS_UNUSED_DAYS: days, RESULTS_MAX_BYTES: bytes } = this.env;
    const unused = await this.each((tx) => this.results.takeUnused(tx, days));
    return unused + (await this.each((tx) => this.results.takeOverflow(tx, bytes)));
  }

  protected async turn(): Promise<void> {
    await this.sweep();
  }

  /** One in a transaction: rows of files are locked one at a time. */
  private async each(take: (tx: Transaction) => Promise<DoomedResult | null>): Promise<number> {
    let count = 0;
    while (!this.isStopping) {
      const taken = await this.unitOfWork.run(async (tx) => {
        const doomed = await take(tx);
        if (doomed) await this.references.release(tx, doomed.fileId, derivedOwner(doomed.id));
        return doomed;
      });
      if (!taken) break;
      count += 1;
    }
    return count;
  }
}

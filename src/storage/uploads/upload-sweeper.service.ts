import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { UploadsRepository } from './uploads.repository.js';

const SWEEP_MS = 3_600_000;

/** Forgets uploads a day after their end; their bytes were the collector's long before. */
@Injectable()
export class UploadSweeper extends PeriodicTask {
  constructor(private readonly uploads: UploadsRepository) {
    super({ intervalMs: SWEEP_MS, failure: 'Uploads that are over were not forgotten.' });
  }

  /** How many were forgotten. */
  async sweep(): Promise<number> {
    return await this.uploads.sweep();
  }

  protected async turn(): Promise<void> {
    await this.sweep();
  }
}

import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { UploadsRepository } from './uploads.repository.js';

const SWEEP_MS = 3_600_000;

/** Forgets uploads a day after their end; their bytes were the collector's long before. */
@Injectable()
export class UploadSweeper implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(UploadSweeper.name);
  private timer: NodeJS.Timeout;

  constructor(private readonly uploads: UploadsRepository) {}

  onModuleInit(): void {
    this.timer = setInterval(() => {
      this.sweep().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'Uploads that are over were not forgotten.');
      });
    }, SWEEP_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** How many were forgotten. */
  async sweep(): Promise<number> {
    return await this.uploads.sweep();
  }
}

import { Logger } from '@nestjs/common';

const PAUSE_MS = 500;

/** Writes down how far a job is: the latest of what was told, with a pause in between. */
export class JobProgress {
  private readonly logger = new Logger(JobProgress.name);
  private latest: [fraction: number, message: string | null] | null = null;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private fraction = 0;
  private message: string | null = null;

  constructor(
    private readonly write: (fraction: number, message: string | null) => Promise<void>,
  ) {}

  /** @param fraction from 0 to 1; what is less than before is passed over */
  tell(fraction: number, message?: string): void {
    this.fraction = Math.max(this.fraction, Math.min(fraction, 1) || 0);
    if (message !== undefined) this.message = message.slice(0, 500);
    this.latest = [this.fraction, this.message];
    this.timer ??= setTimeout(() => this.flush(), 0);
  }

  /** What was told last is not written any more: the end of the job says more. */
  async stop(): Promise<void> {
    this.latest = null;
    if (this.timer) clearTimeout(this.timer);
    await this.writing;
  }

  private flush(): void {
    if (!this.latest) {
      this.timer = null;
      return;
    }
    const [fraction, message] = this.latest;
    this.latest = null;
    this.writing = this.write(fraction, message).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'A job could not tell how far it is.');
    });
    void this.writing.then(() => {
      this.timer = setTimeout(() => this.flush(), PAUSE_MS).unref();
    });
  }
}

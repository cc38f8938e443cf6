import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { JobNews } from './job-news.service.js';
import { JobQueueRepository } from './job-queue.repository.js';
import { JobRunner } from './job-runner.service.js';

/** Has this process work on jobs, from its start until it stops. */
@Injectable()
export class JobWorker
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'WORKERS'>,
    private readonly queue: JobQueueRepository,
    private readonly runner: JobRunner,
    private readonly news: JobNews,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.env.WORKERS === 0) return;
    await this.queue.ready();
    await this.queue.work(this.env.WORKERS, (ticket) => this.runner.run(ticket));
    this.news.whenQueued(() => this.queue.wake());
  }

  /** Before anything is stopped that jobs work with: what that does to them must not count as their end. */
  async onModuleDestroy(): Promise<void> {
    await this.queue.rest();
    this.runner.letGo();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.runner.stop();
    await this.queue.stop();
  }
}

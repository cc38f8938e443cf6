import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '../../core/metrics/metrics.js';
import { JobsRepository } from './jobs.repository.js';

/** What `/metrics` shows of jobs. */
@Injectable()
export class JobMetrics {
  readonly ended: Counter<'status'>;

  constructor(metrics: Metrics, jobs: JobsRepository) {
    const registers = [metrics.registry];
    this.ended = new Counter({
      name: 'stratum_jobs_ended_total',
      help: 'Jobs that this process has ended, by how',
      labelNames: ['status'],
      registers,
    });
    new Gauge({
      name: 'stratum_jobs',
      help: 'Jobs of the installation that have not ended, by status',
      labelNames: ['status'],
      registers,
      async collect() {
        // The other figures are wanted most when the database is gone: this one is absent then.
        this.reset();
        const counts = await jobs.countOpen().catch(() => ({}));
        for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
      },
    });
  }
}

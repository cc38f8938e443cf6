import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Everything that `/metrics` shows, in the Prometheus text format. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly requestSeconds = new Histogram({
    name: 'stratum_http_request_duration_seconds',
    help: 'Time from request to the end of its answer, by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [this.registry],
  });

  readonly uploadedBytes = new Counter({
    name: 'stratum_uploaded_bytes_total',
    help: 'Bytes of acknowledged uploads',
    registers: [this.registry],
  });

  readonly uploads = new Counter({
    name: 'stratum_uploads_total',
    help: 'Acknowledged uploads, by whether their content was stored already',
    labelNames: ['deduplicated'],
    registers: [this.registry],
  });

  readonly uploadSlots = new Gauge({
    name: 'stratum_upload_slots_used',
    help: 'Upload requests being received',
    registers: [this.registry],
  });

  readonly engineSeconds = new Histogram({
    name: 'stratum_engine_session_duration_seconds',
    help: 'Time that requests had a process that reads tables, by what came of it',
    labelNames: ['outcome'],
    buckets: [0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [this.registry],
  });

  readonly engineWaiting = new Gauge({
    name: 'stratum_engine_waiting',
    help: 'Requests that wait for a process that reads tables',
    registers: [this.registry],
  });

  readonly scrubbedObjects = new Counter({
    name: 'stratum_scrubbed_objects_total',
    help: 'Objects that were read again, by what was found of them',
    labelNames: ['found'],
    registers: [this.registry],
  });

  readonly scrubbedBytes = new Counter({
    name: 'stratum_scrubbed_bytes_total',
    help: 'Bytes that were read again',
    registers: [this.registry],
  });

  readonly gcBrake = new Gauge({
    name: 'stratum_gc_brake',
    help: 'Whether the garbage collector is kept from removing anything, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });

  readonly gcDoomedBytes = new Counter({
    name: 'stratum_gc_doomed_bytes_total',
    help: 'Bytes of files that nobody refers to, marked for removal by this process',
    registers: [this.registry],
  });

  readonly gcDeletedBytes = new Counter({
    name: 'stratum_gc_deleted_bytes_total',
    help: 'Bytes of files removed by this process',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}

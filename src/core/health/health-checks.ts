import { Injectable } from '@nestjs/common';

/** Resolves with what is worth showing, or rejects when the part can't serve. */
export type HealthCheck = () => Promise<Record<string, unknown>>;

export interface HealthReport {
  isReady: boolean;
  checks: Record<string, { status: 'up' | 'down'; [detail: string]: unknown }>;
}

const TIMEOUT_MS = 3_000;

/** What `/health/ready` asks. Slices add their own at start. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();
  private readonly drained = new AbortController();

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** From now on not ready, so that a load balancer sends nothing more. */
  drain(): void {
    this.drained.abort();
  }

  /** Aborted then: answers that would go on for minutes end. */
  get draining(): AbortSignal {
    return this.drained.signal;
  }

  async report(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await this.run(check)] as const),
    );
    const checks = Object.fromEntries(entries);
    const isUp = Object.values(checks).every(({ status }) => status === 'up');
    return { isReady: isUp && !this.draining.aborted, checks };
  }

  private async run(check: HealthCheck): Promise<HealthReport['checks'][string]> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timeout')), TIMEOUT_MS);
    });
    try {
      return { status: 'up', ...(await Promise.race([check(), timeout])) };
    } catch {
      // Why is in the log of whoever failed; a public route tells no more than that.
      return { status: 'down' };
    } finally {
      clearTimeout(timer);
    }
  }
}

import { AppError } from '../../core/errors/index.js';
import type { QuotaFinding } from '../../core/contracts/quotas.contract.js';

export class RateLimitedError extends AppError {
  readonly kind = 'too-many-requests';
  readonly code = 'rate-limited';
  readonly title = 'Too many requests';

  /** @param limit requests a minute */
  constructor(limit: number, retryAfter: number) {
    super(`At most ${limit} requests a minute are answered; this one was not carried out.`, {
      retryAfter,
    });
  }
}

/** As RFC 4331 section 6 has it for WebDAV: 507, and which quota it was. */
export class QuotaExceededError extends AppError {
  readonly kind = 'over-quota';
  readonly code = 'quota-exceeded';
  readonly title = 'The quota has no room for this';

  constructor(finding: QuotaFinding) {
    super(
      `The quota of the ${finding.quota} has no room for ${finding.neededBytes} more bytes; nothing was kept.`,
      { extensions: { ...finding } },
    );
  }
}

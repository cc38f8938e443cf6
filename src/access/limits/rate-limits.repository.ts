import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { RateLimit } from './entities/rate-limit.entity.js';

export interface GrantedLease {
  /** Requests that this replica may let through. */
  granted: number;
  /** Requests that are left for others, or for a later lease. */
  rest: number;
  /** Milliseconds to the end of the window. */
  leftMs: number;
}

/** A twentieth of what is left: leases get smaller towards the end of a limit, and a small limit is exact. */
const share = (left: string): string =>
  `greatest(0, least(${left}, greatest(ceil((${left}) / 20.0)::int, $3::int)))`;

@Injectable()
export class RateLimitsRepository {
  constructor(@InjectRepository(RateLimit) private readonly limits: Repository<RateLimit>) {}

  /**
   * Takes a part of what is left of a subject's limit in the minute that it is, by the database's clock.
   * One statement: the row's lock makes replicas wait for each other. A window that another replica has
   * begun since this one read the clock stays.
   * @param wanted at least so many, if they are there
   */
  async lease(subject: string, limit: number, wanted: number): Promise<GrantedLease> {
    const isLater = 'r.window_start < EXCLUDED.window_start';
    const [lease] = (await this.limits.query(
      `INSERT INTO rate_limits AS r (subject, window_start, taken, granted)
       SELECT $1, date_bin('1 minute', clock_timestamp(), 'epoch'), s.granted, s.granted
       FROM (SELECT ${share('$2::int')} AS granted) s
       ON CONFLICT (subject) DO UPDATE SET
         window_start = greatest(r.window_start, EXCLUDED.window_start),
         taken = CASE WHEN ${isLater} THEN EXCLUDED.taken
                      ELSE r.taken + ${share('$2::int - r.taken')} END,
         granted = CASE WHEN ${isLater} THEN EXCLUDED.granted
                        ELSE ${share('$2::int - r.taken')} END
       RETURNING granted, greatest(0, $2::int - taken) AS rest,
         (extract(epoch FROM window_start + interval '1 minute' - clock_timestamp()) * 1000)::float8
           AS "leftMs"`,
      [subject, limit, wanted],
    )) as GrantedLease[];
    return lease as GrantedLease;
  }

  /** Removes rows of subjects that have not been heard of for an hour. */
  async removeOld(): Promise<void> {
    await this.limits.query(
      `DELETE FROM rate_limits WHERE window_start < now() - interval '1 hour'`,
    );
  }
}

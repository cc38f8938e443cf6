import { z } from 'zod';
import { FAULT_SWITCHES } from '../faults/fault-switches.js';
import { parseSigningKey } from '../ed25519.js';
import { isSecureUrl } from './secure-url.js';

const GIB = 1024 ** 3;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}`);

const secureUrl = z.string().refine(isSecureUrl, 'must be an https URL');

/** Exact origins, parted by commas: https://app.example.org. No `*`, which would let in every page there is. */
const origins = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine(
    (all) => all.every((one) => /^https?:/.test(one) && URL.parse(one)?.origin === one),
    'must be origins such as https://app.example.org, parted by commas, without a path and without *',
  );

/**
 * Every setting, once. `.env.example` and the table in README.md follow this order; a test compares
 * them. Messages name what is wrong and never repeat the value: it may be a secret.
 */
const settings = z.object({
  /** Port of the HTTP server; 0 takes a free one. */
  PORT: whole(0, 65_535).default(3000),
  /** Address the HTTP server binds. Anything but a loopback address belongs behind TLS. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** Proxies in front of it that add to X-Forwarded-For; 0: the header is passed over. */
  TRUST_PROXY_HOPS: whole(0, 16).default(0),
  /** Origins of pages that browsers let call the API, parted by commas. */
  CORS_ORIGINS: origins.default([]),
  /** Connections at a time; more are closed as they come. */
  MAX_CONNECTIONS: whole(1, 1_000_000).default(4000),
  /** Seconds in which a client takes not a byte of its answer, after which it is cut off. */
  DOWNLOAD_STALL_SECONDS: whole(1, 3600).default(60),
  /** Folder of the embedded database, of local files and of the first admin key. */
  STRATUM_DATA_DIR: z.string().min(1).default('./data'),
  /** A PostgreSQL server to use in place of the embedded one. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  /** Connections to the database. Uploads hold none while bytes arrive. */
  DATABASE_POOL_SIZE: whole(1, 500).default(10),
  /** Where bytes are kept: `local` (under STRATUM_DATA_DIR) or `memory` (for trials, lost at exit). */
  STORAGE_BACKEND: z.string().min(1).default('local'),
  /** Bytes of the disk that uploads may not use. */
  STORAGE_RESERVE_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(256 * 1024 ** 2),
  /** Bytes of distinct contents that the installation may keep; 0: any number. */
  STORAGE_QUOTA_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** The first admin key, in place of a generated one. */
  STRATUM_BOOTSTRAP_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{32,128}$/, 'must be 32 to 128 of the characters A-Z a-z 0-9 _ -')
    .optional(),
  /** Identity provider whose tokens (OpenID Connect) are taken beside API keys: its `iss`, an https URL. */
  OIDC_ISSUER: secureUrl.max(500).optional(),
  /** The `aud` that its tokens must have: what this service is called there. */
  OIDC_AUDIENCE: z.string().min(1).optional(),
  /** Where its public keys are; default: as its discovery document says. */
  OIDC_JWKS_URI: secureUrl.optional(),
  /** The claim that gives a new user its name. */
  OIDC_NAME_CLAIM: z.string().min(1).default('preferred_username'),
  /** The claim that lists names of groups; memberships follow it for groups that exist here. */
  OIDC_GROUPS_CLAIM: z.string().min(1).optional(),
  /** Whoever's groups claim has this name is an admin of the installation, and nobody else with a token. */
  OIDC_ADMIN_GROUP: z.string().min(1).optional(),
  /** Requests that an API key may make in a minute, on all replicas together; 0: any number. */
  RATE_LIMIT_PER_KEY: whole(0, 1_000_000_000).default(600_000),
  /** Requests without a valid key from one address in a minute; 0: any number. */
  RATE_LIMIT_PER_ADDRESS: whole(0, 1_000_000_000).default(600_000),
  /** Bytes of distinct contents that a user may keep; 0: any number. */
  QUOTA_USER_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Bytes of distinct contents that a dataset may keep in all its versions; 0: any number. */
  QUOTA_DATASET_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** How much is logged. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Largest file in bytes. */
  UPLOAD_MAX_BYTES: whole(1, Number.MAX_SAFE_INTEGER).default(1024 * GIB),
  /** Files in one batch upload. */
  UPLOAD_MAX_FILES: whole(1, 10_000).default(1000),
  /** Upload requests received at the same time; more are told to come back. */
  UPLOAD_SLOTS: whole(1, 100_000).default(256),
  /** Of these, how many one user may take. */
  UPLOAD_SLOTS_PER_USER: whole(1, 100_000).default(240),
  /** Seconds without a byte from the client after which an upload is ended. */
  UPLOAD_STALL_SECONDS: whole(1, 3600).default(30),
  /** Seconds an upload stays claimed without a sign of life from its process. */
  UPLOAD_LEASE_SECONDS: whole(1, 86_400).default(60),
  /** Seconds that an unfinished resumable upload is kept after its last byte. */
  UPLOAD_EXPIRES_SECONDS: whole(1, 365 * 86_400).default(7 * 86_400),
  /** Seconds between two runs of the garbage collector; 0 switches it off in this process. */
  GC_INTERVAL_SECONDS: whole(0, 86_400).default(60),
  /** Seconds a file stays after its last reference was given up. */
  GC_GRACE_SECONDS: whole(0, 365 * 86_400).default(86_400),
  /** Seconds the bytes of a collected file stay before they are removed: as long as your backups. */
  GC_RETAIN_SECONDS: whole(0, 365 * 86_400).default(7 * 86_400),
  /**
   * Percent of all files, or of their bytes, above which the collector removes nothing until an operator
   * says so: counted over a day, from 1,000 files on. 100: any number.
   */
  GC_MAX_PERCENT: whole(1, 100).default(5),
  /** Bytes a second that are read again in the background to find what has rotted; 0: none by this process. */
  SCRUB_BYTES_PER_SECOND: whole(0, Number.MAX_SAFE_INTEGER).default(8 * 1024 ** 2),
  /** Days after which the bytes of a file are read again. */
  SCRUB_INTERVAL_DAYS: whole(1, 36_500).default(30),
  /** Processes at a time that read tables and run SQL. */
  ENGINE_PROCESSES: whole(1, 1000).default(4),
  /** Such processes that are started ahead, so that a request need not wait a third of a second for one. */
  ENGINE_SPARE_PROCESSES: whole(0, 1000).default(1),
  /** Bytes of memory that each of them may have. */
  ENGINE_MEMORY_BYTES: whole(256 * 1024 ** 2, Number.MAX_SAFE_INTEGER).default(GIB),
  /** Threads that each of them may use; 0: as many as there are processors. */
  ENGINE_THREADS: whole(0, 1024).default(0),
  /** Bytes of temporary files that each of them may have. */
  ENGINE_TEMP_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(10 * GIB),
  /** Bytes of copies of contents that are not local files of the store. */
  ENGINE_CACHE_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(10 * GIB),
  /** Days after which a result that nobody asked for again is given up: statistics, exports and the like. */
  RESULTS_UNUSED_DAYS: whole(1, 36_500).default(30),
  /** Bytes of results that are kept; above, those unused for longest go. */
  RESULTS_MAX_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(100 * GIB),
  /** Requests of one user that wait for such a process; more are told to come back. */
  ENGINE_QUEUE_PER_USER: whole(1, 10_000).default(20),
  /** Seconds that a statement of SQL may take. */
  QUERY_DEADLINE_SECONDS: whole(1, 3600).default(60),
  /** Seconds that statistics, exports and the like of one file may take. */
  ENGINE_DEADLINE_SECONDS: whole(1, 86_400).default(3600),
  /**
   * Ed25519 private key that signs the audit log (PKCS #8, in PEM or base64), in place of a generated
   * one; replicas without a common data folder need it.
   */
  AUDIT_SIGNING_KEY: z
    .string()
    .refine(
      (text) => parseSigningKey(text) !== null,
      'must be an Ed25519 private key (PKCS #8) in PEM or base64',
    )
    .optional(),
  /** Days that the audit log is kept; 0 keeps it for ever. */
  AUDIT_RETENTION_DAYS: whole(0, 36_500).default(0),
  /** Jobs that this process works on at a time; 0: none, others do. */
  WORKERS: whole(0, 256).default(2),
  /** Jobs of one user that are worked on at a time, in all processes; 0: any number. */
  JOBS_PER_USER: whole(0, 10_000).default(4),
  /** Jobs that one user may have waiting. */
  JOBS_QUEUED_PER_USER: whole(1, 100_000).default(100),
  /** Seconds from its submission after which a job that has not ended fails, unless it has an earlier deadline. */
  JOB_MAX_SECONDS: whole(1, 86_400).default(3600),
  /** Seconds without a sign of life from its worker after which a job is begun again by another. */
  JOB_LEASE_SECONDS: whole(10, 3600).default(30),
  /** Days that a job which has ended is kept, and what it has made; 0: for ever. */
  JOB_RETENTION_DAYS: whole(0, 36_500).default(30),
  /** Seconds that running requests get to end after SIGTERM. */
  SHUTDOWN_GRACE_SECONDS: whole(0, 3600).default(60),
  /** For the fault tests only: the named point at which the process kills itself, or stops: `name[:nth[:freeze]]`. */
  STRATUM_FAULT_POINT: z
    .string()
    .regex(/^[A-Z]\d+[a-z]?(:\d+(:freeze)?)?$/)
    .optional(),
  /** For the fault tests only: a safeguard to leave out, which loses data. */
  STRATUM_FAULT_SWITCH: z.enum(FAULT_SWITCHES).optional(),
});

/** What each setting needs beside it. */
const NEEDED = [
  ['OIDC_ISSUER', 'OIDC_AUDIENCE'],
  ['OIDC_AUDIENCE', 'OIDC_ISSUER'],
  ['OIDC_ADMIN_GROUP', 'OIDC_GROUPS_CLAIM'],
] as const;

export const envSchema = settings.superRefine((env, context) => {
  for (const [given, needed] of NEEDED) {
    if (env[given] !== undefined && env[needed] === undefined) {
      context.addIssue({ code: 'custom', path: [needed], message: `is needed with ${given}` });
    }
  }
});

export type Env = z.infer<typeof envSchema>;

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidEnvironmentError, loadEnv } from './load-env.js';

describe('loadEnv', () => {
  let folder: string;
  let envFile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stratum-env-'));
    envFile = join(folder, '.env');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function faultsOf(environment: NodeJS.ProcessEnv, file: string | null = null): string[] {
    try {
      loadEnv(environment, file);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidEnvironmentError);
      return [...(error as InvalidEnvironmentError).faults];
    }
    throw new Error('The environment was accepted.');
  }

  it('needs no setting at all, and then listens on this machine only', () => {
    expect(loadEnv({}, null)).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      STRATUM_DATA_DIR: './data',
      STORAGE_BACKEND: 'local',
    });
    expect(loadEnv({}, null)).not.toHaveProperty('STRATUM_BOOTSTRAP_KEY', expect.anything());
  });

  it('reads numbers as numbers, up to both of their bounds', () => {
    expect(loadEnv({ PORT: '0' }, null).PORT).toBe(0);
    expect(loadEnv({ PORT: '65535' }, null).PORT).toBe(65_535);
  });

  it('passes over variables that are not its own', () => {
    expect(loadEnv({ PATH: '/bin', UNRELATED: 'x' }, null)).not.toHaveProperty('UNRELATED');
  });

  it('names every fault at once', () => {
    const faults = faultsOf({
      PORT: '65536',
      DATABASE_URL: 'mysql://localhost',
      STRATUM_BOOTSTRAP_KEY: 'short',
      LOG_LEVEL: 'loud',
      UPLOAD_SLOTS: '-1',
      GC_GRACE_SECONDS: '1.5',
      HOST: '127.0.0.1',
    });
    expect(new Set(faults.map((fault) => fault.split(':')[0]))).toEqual(
      new Set([
        'DATABASE_URL',
        'GC_GRACE_SECONDS',
        'LOG_LEVEL',
        'PORT',
        'STRATUM_BOOTSTRAP_KEY',
        'UPLOAD_SLOTS',
      ]),
    );
    expect(faults).toHaveLength(6);
  });

  it('takes an identity provider whose answers nobody can have changed', () => {
    const provider = { OIDC_ISSUER: 'https://id.example.org/realm', OIDC_AUDIENCE: 'stratum' };
    expect(loadEnv(provider, null)).toMatchObject({
      ...provider,
      OIDC_NAME_CLAIM: 'preferred_username',
    });
    const local = { ...provider, OIDC_ISSUER: 'http://127.0.0.1:8080' };
    expect(loadEnv(local, null)).toMatchObject(local);
    for (const url of ['http://id.example.org', 'ftp://localhost', 'id.example.org', 'file:///x']) {
      expect(faultsOf({ ...provider, OIDC_ISSUER: url })).toEqual([
        expect.stringMatching(/^OIDC_ISSUER: /),
      ]);
      expect(faultsOf({ ...provider, OIDC_JWKS_URI: url })).toHaveLength(1);
    }
  });

  it('names settings that are missing beside others, with every other fault', () => {
    expect(faultsOf({ OIDC_ISSUER: 'https://id.example.org' })).toEqual([
      'OIDC_AUDIENCE: is needed with OIDC_ISSUER',
    ]);
    const faults = faultsOf({ PORT: 'x', OIDC_AUDIENCE: 'stratum', OIDC_ADMIN_GROUP: 'admins' });
    expect(new Set(faults.map((fault) => fault.split(':')[0]))).toEqual(
      new Set(['PORT', 'OIDC_ISSUER', 'OIDC_GROUPS_CLAIM']),
    );
  });

  it('tells in its message each fault on a line of its own', () => {
    expect(() => loadEnv({ PORT: 'x', UPLOAD_SLOTS: 'y' }, null)).toThrow(
      /^The environment is not valid:\n {2}- PORT: .+\n {2}- UPLOAD_SLOTS: .+$/,
    );
  });

  it('never repeats a value: it may be a secret', () => {
    const secret = 'hunter2!hunter2!';
    const names = [
      'PORT', 'DATABASE_URL', 'DATABASE_POOL_SIZE', 'STORAGE_RESERVE_BYTES', 'STRATUM_BOOTSTRAP_KEY',
      'LOG_LEVEL', 'UPLOAD_MAX_BYTES', 'UPLOAD_STALL_SECONDS', 'GC_INTERVAL_SECONDS', 'STRATUM_FAULT_POINT',
      'AUDIT_SIGNING_KEY', 'AUDIT_RETENTION_DAYS',
    ]; // prettier-ignore
    const faults = faultsOf(Object.fromEntries(names.map((name) => [name, secret])));
    for (const name of names) expect(faults.join('\n')).toContain(name);
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it.each(['abc', '1e3', '0x10', '-1', '1.0', ' 1', '1 ', '٣', 'Infinity', '99999999999999999999'])(
    'does not take "%s" for a number',
    (text) => {
      expect(faultsOf({ UPLOAD_MAX_FILES: text })).toEqual([
        expect.stringMatching(/^UPLOAD_MAX_FILES: must be/),
      ]);
    },
  );

  it.each([
    ['x'.repeat(31), false],
    ['x'.repeat(32), true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    [`${'x'.repeat(40)}+`, false],
    [`${'x'.repeat(40)}\n`, false],
    ['Az09_-'.repeat(8), true],
  ])('takes the bootstrap key "%s": %s', (key, isTaken) => {
    const load = (): string | undefined =>
      loadEnv({ STRATUM_BOOTSTRAP_KEY: key }, null).STRATUM_BOOTSTRAP_KEY;
    if (isTaken) expect(load()).toBe(key);
    else expect(load).toThrow(InvalidEnvironmentError);
  });

  it('reads from the file what the environment does not name', () => {
    writeFileSync(
      envFile,
      'PORT=4000\nHOST=0.0.0.0 # all of them\nSTRATUM_DATA_DIR="/srv/my data"\n',
    );
    expect(loadEnv({ PORT: '5000' }, envFile)).toMatchObject({
      PORT: 5000,
      HOST: '0.0.0.0',
      STRATUM_DATA_DIR: '/srv/my data',
    });
  });

  it('counts an empty variable as absent, in the environment and in the file', () => {
    writeFileSync(envFile, 'PORT=4000\nLOG_LEVEL=\n');
    expect(loadEnv({ PORT: '', HOST: '', DATABASE_URL: '' }, envFile)).toMatchObject({
      PORT: 4000,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
    });
    expect(loadEnv({ PORT: undefined }, envFile).PORT).toBe(4000);
  });

  it('names faults of the file like those of the environment', () => {
    writeFileSync(envFile, 'PORT=many\n');
    expect(faultsOf({ UPLOAD_SLOTS: 'x' }, envFile)).toHaveLength(2);
  });

  it('does without the file', () => {
    expect(loadEnv({}, join(folder, 'absent')).PORT).toBe(3000);
  });
});

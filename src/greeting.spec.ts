import { describe, expect, it } from '@jest/globals';
import { loadEnv } from './core/config/load-env.js';
import { greeting } from './greeting.js';

const URL = 'http://127.0.0.1:3000';
const env = loadEnv({ STRATUM_DATA_DIR: '/srv/stratum' }, null);
const generated = `stratum_${'x'.repeat(43)}_00000000`;
const file = '/srv/stratum/bootstrap.key';
const text = (key: { generated: string | null; file: string | null }): string =>
  greeting(URL, key as Parameters<typeof greeting>[1], env);

describe('the greeting', () => {
  it('names the address, the documentation and the data folder', () => {
    const lines = text({ generated: null, file });
    for (const part of [URL, `${URL}/docs`, '/srv/stratum']) expect(lines).toContain(part);
  });

  it('shows a new key once, and where it is kept', () => {
    const lines = text({ generated, file });
    expect(lines.split(generated)).toHaveLength(2);
    expect(lines).toContain(`kept in ${file} (mode 0600)`);
  });

  it('shows only the place of a key that was made before', () => {
    const lines = text({ generated: null, file });
    expect(lines).not.toMatch(/stratum_\w/);
    expect(lines).toContain(`in ${file}`);
  });

  it('shows nothing of a key that the operator has set', () => {
    const lines = text({ generated: null, file: null });
    expect(lines).toContain('as you have set it');
    expect(lines).toContain('STRATUM_KEY=<your key>');
  });

  it('gives three commands to try that use the key from its file', () => {
    const commands = text({ generated, file })
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('curl'));
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      expect(command).toContain('-H "Authorization: Bearer $STRATUM_KEY"');
      expect(command).toContain(`${URL}/v1/files`);
    }
    expect(text({ generated, file })).toContain(`export STRATUM_KEY="$(cat ${file})"`);
  });
});

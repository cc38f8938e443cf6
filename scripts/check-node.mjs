/** Imported first by what runs the service: an old Node would fail later, in words of its own. */
import fs from 'node:fs';

const manifest = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const wanted = JSON.parse(manifest).engines.node;
const numbers = (version) => version.match(/\d+/g).map(Number);
const [major, minor] = numbers(process.versions.node);
const [wantedMajor, wantedMinor] = numbers(wanted);

if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(
    `Stratum needs Node ${wanted}; this is ${process.version} (${process.execPath}).\n` +
      'On Linux (x64, arm64) `npm ci` brings a fitting one along unless optional dependencies are\n' +
      'left out; elsewhere install Node 24 and repeat the command.',
  );
  process.exit(1);
}

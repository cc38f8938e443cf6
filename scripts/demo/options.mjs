import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { DemoError } from './errors.mjs';

export const USAGE = `npm run demo -- [options]

Loads sample datasets into a running Stratum and prints what to try with them.

  --url <address>  where it runs (default: http://127.0.0.1 at $PORT, or 3000)
  --help           this text

The key is taken from STRATUM_API_KEY, STRATUM_KEY or STRATUM_BOOTSTRAP_KEY, else from the file
admin-key in the data folder (STRATUM_DATA_DIR, or ./data). A file .env is read as the service does.
`;

const KEYS = ['STRATUM_API_KEY', 'STRATUM_KEY', 'STRATUM_BOOTSTRAP_KEY'];

/**
 * The command line and the environment. `keyShown` is how a shell gets at the key without its being
 * printed.
 * @throws DemoError
 */
export function readOptions(args, environment) {
  const { url, help } = parsed(args);
  if (help) return { help };
  const fromFile = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const read = (name) => environment[name] || fromFile[name];
  return { url: addressOf(url ?? `http://127.0.0.1:${read('PORT') ?? 3000}`), ...keyOf(read) };
}

function parsed(args) {
  const options = { url: { type: 'string' }, help: { type: 'boolean' } };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new DemoError(`${error.message} (--help tells what there is)`);
  }
}

function addressOf(text) {
  if (!/^https?:$/.test(URL.parse(text)?.protocol)) {
    throw new DemoError(`${text} is no address; write --url http://127.0.0.1:3000`);
  }
  return text.replace(/\/+$/, '');
}

function keyOf(read) {
  const name = KEYS.find((variable) => read(variable));
  if (name) return { key: read(name), keyShown: `"$${name}"` };
  const file = join(read('STRATUM_DATA_DIR') ?? './data', 'admin-key');
  try {
    return { key: readFileSync(file, 'utf8').trim(), keyShown: `"$(cat ${file})"` };
  } catch {
    throw new DemoError(
      `There is no key: ${file} can't be read. Start the service first, or set STRATUM_API_KEY.`,
    );
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { envSchema, type Env } from './env.schema.js';

/** Every fault of the environment at once, by name; never a value. */
export class InvalidEnvironmentError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The environment is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'InvalidEnvironmentError';
  }
}

/**
 * The settings of this process: the environment, then `.env` of the working folder for what the
 * environment does not name. An empty variable counts as absent.
 * @throws InvalidEnvironmentError
 */
export function loadEnv(
  environment: NodeJS.ProcessEnv = process.env,
  envFile: string | null = '.env',
): Env {
  const fromFile = envFile && existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {};
  const parsed = envSchema.safeParse({ ...named(fromFile), ...named(environment) });
  if (!parsed.success) {
    throw new InvalidEnvironmentError(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    );
  }
  return parsed.data;
}

const named = (variables: NodeJS.Dict<string>): NodeJS.Dict<string> =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => Boolean(value)));

import type { Env } from './env.schema.js';

/** Token of the settings. Injected as `@Inject(ENV) env: Env`. */
export const ENV = Symbol('Env');

export type { Env };

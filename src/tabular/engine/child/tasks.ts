import type { Session } from './session.js';

/** What a child can do in a session: by name, what goes in and what comes out. Both are plain data. */
export interface EngineTasks {
  /** For tests: runs a trusted statement. */
  sql: { input: { sql: string }; output: unknown[][] };
}

type Task<K extends keyof EngineTasks> = (
  session: Session,
  input: EngineTasks[K]['input'],
) => Promise<EngineTasks[K]['output']>;

export const TASKS: { [K in keyof EngineTasks]: Task<K> } = {
  sql: async ({ database }, { sql }) => await database.all(sql),
};

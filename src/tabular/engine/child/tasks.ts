import type { Session } from './session.js';
import { describe } from './tasks/describe.task.js';
import { exportTable } from './tasks/export.task.js';
import { patch } from './tasks/patch.task.js';
import { places } from './tasks/places.task.js';
import { query } from './tasks/query.task.js';
import { rows } from './tasks/rows.task.js';
import { sqlTables } from './tasks/sql-tables.task.js';
import { stage } from './tasks/stage.task.js';
import { statistics } from './tasks/statistics.task.js';
import { benchRows, benchRun, benchWrite, openBench } from './tasks/workbench.task.js';

/** What a child can do in a session, by name. What goes in and what comes out is plain data. */
export const TASKS = {
  benchRows,
  benchRun,
  benchWrite,
  describe,
  export: exportTable,
  openBench,
  patch,
  places,
  query,
  rows,
  sqlTables,
  stage,
  statistics,
} as const;

type Tasks = typeof TASKS;

export type EngineTasks = {
  [K in keyof Tasks]: {
    input: Parameters<Tasks[K]>[1];
    output: Awaited<ReturnType<Tasks[K]>>;
  };
};

export type Task = (session: Session, input: unknown) => Promise<unknown>;

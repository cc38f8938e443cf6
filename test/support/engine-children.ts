import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../src/tabular/engine/engine.service.js';
import type { TestApp } from './app.js';
import { residentBytes } from './resident-memory.js';

interface Child {
  pid: number;
  folder: string;
  isUsable: boolean;
}

/** The processes of the engine that are there now. */
export const engineChildren = ({ app }: TestApp): Child[] => [
  ...(app.get(Engine) as unknown as { pool: { children: Set<Child> } }).pool.children,
];

/** Resolves to a process that has a content in its folder: one that works on a table. */
export async function workingChild(app: TestApp): Promise<Child> {
  for (;;) {
    const children = engineChildren(app).filter(({ isUsable }) => isUsable);
    const found = children.find(({ folder }) =>
      readdirSync(folder).some((session) => existsSync(join(folder, session, '0'))),
    );
    if (found) return found;
    await delay(20);
  }
}

/** Bytes of the largest of them; 0 when there is none. */
export async function largestChildBytes(app: TestApp): Promise<number> {
  const sizes = engineChildren(app).map(({ pid }) => residentBytes(pid).catch(() => 0));
  return Math.max(0, ...(await Promise.all(sizes)).filter(Number.isFinite));
}

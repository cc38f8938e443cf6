import { FileChecks } from './file-checks.js';
import type { FsckProgress } from './findings.js';
import { FsckContext, type FsckParts, type FsckRunOptions } from './fsck-context.js';
import { ObjectChecks } from './object-checks.js';
import { RowChecks } from './row-checks.js';

/**
 * Compares rows, references, intents and objects with each other, beside running uploads and
 * collectors, in constant memory. Changes nothing unless a repair is asked for.
 * @throws whatever kept it from coming to the end; the reason of the signal when that has ended it
 */
export async function checkStore(
  parts: FsckParts,
  options: FsckRunOptions,
): Promise<Readonly<FsckProgress>> {
  const context = new FsckContext(parts, options);
  const { progress } = context;
  progress.filesTotal = await context.read((tx) => context.repository.countFiles(tx));
  const objects = new ObjectChecks(context);
  const rows = new RowChecks(context);
  const phases: Record<FsckProgress['phase'], () => Promise<void>> = {
    // Before anything is handed to the collector or read for its use: what a collector could remove.
    intents: () => rows.checkIntents(),
    files: () => new FileChecks(context).run(),
    references: () => rows.checkReferences(),
    objects: () => objects.checkObjects(),
    staged: () => objects.checkStaged(),
    uses: () => rows.checkUses(),
  };
  for (const [phase, check] of Object.entries(phases)) {
    progress.phase = phase as FsckProgress['phase'];
    context.step();
    await check();
  }
  return progress;
}

import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { loadEnv } from '../core/config/load-env.js';
import type { IStorageBackend } from '../core/contracts/storage-backend.contract.js';
import { mayBeOverlay, parseOverlay, type OverlayDocument } from '../datasets/index.js';
import { inventoryOf, withInstalledStore, type InventoriedObject } from '../storage/index.js';
import { runCommand } from './run-command.js';

const USAGE = `npm run rebuild -- [--json] [--files]

Lists what the bytes alone can give back when the database is lost: reads every object of the store, finds
the overlay documents of versions among them, and tells for each which of its files are there. Needs no
database and writes nothing. An overlay names paths, contents and sizes; which dataset it belongs to, and
which version was before it, only the database knows: the time it was stored at is told instead.

  --json    one line of JSON for each overlay, one for each object that none names, and a sum
  --files   the files that are there too, and not only those that are missing

Ends with 0 when nothing is missing, 1 when something is, 2 when it could not look.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  files: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** JavaScript can't hold longer text. */
const MAX_OVERLAY_BYTES = 500 * 1024 ** 2;

interface Found {
  /** By SHA-256, objects that are there; one content may be stored twice. */
  objects: Map<string, Pick<InventoriedObject, 'path' | 'size' | 'modifiedAt'>>;
  overlays: string[];
  unreadable: string[];
}

interface OverlayFile {
  path: string;
  contentHash: string;
  size: number;
  /** Over the rows of the file at this path: which one, from 1 on; else absent. */
  patch?: number;
  object: string | null;
}

interface OverlayReport {
  overlay: string;
  object: string;
  storedAt: string;
  files: OverlayFile[];
  deleted: string[];
  moved: { from: string; path: string }[];
  missing: number;
}

/** An empty store, or none: that all is well would be the wrong thing to say. */
class NothingStoredError extends Error {
  override message =
    'There is no object in the store (is STRATUM_DATA_DIR set as for the service?).';
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const look = (backend: IStorageBackend): Promise<number> => tellOf(backend, values);
  return await withInstalledStore(loadEnv(), look, { readOnly: true });
}

async function tellOf(
  backend: IStorageBackend,
  { json, files }: { json: boolean; files: boolean },
): Promise<number> {
  const found = await lookAround(backend);
  if (found.objects.size + found.unreadable.length === 0) throw new NothingStoredError();
  const named = new Set(found.overlays);
  let missing = 0;
  for (const hash of found.overlays) {
    const report = await reportOf(backend, hash, found);
    if (!report) {
      named.delete(hash);
      continue;
    }
    missing += report.missing;
    for (const { contentHash } of report.files) named.add(contentHash.slice('sha256:'.length));
    console.log(json ? JSON.stringify({ kind: 'overlay', ...report }) : inWords(report, files));
  }
  const others = [...found.objects].filter(([hash]) => !named.has(hash));
  for (const [hash, { path, size, modifiedAt }] of others) {
    const other = { contentHash: `sha256:${hash}`, object: path, size, storedAt: modifiedAt };
    if (json) console.log(JSON.stringify({ kind: 'object', ...other }));
    else if (files) console.log(`named by no overlay: sha256:${hash}, ${size} bytes: ${path}`);
  }
  const total = {
    objects: found.objects.size,
    overlays: found.overlays.length,
    others: others.length,
    missing,
    unreadable: found.unreadable,
  };
  console.log(json ? JSON.stringify({ kind: 'sum', ...total }) : sum(total));
  return missing + found.unreadable.length === 0 ? 0 : 1;
}

async function lookAround(backend: IStorageBackend): Promise<Found> {
  const found: Found = { objects: new Map(), overlays: [], unreadable: [] };
  for await (const object of inventoryOf(backend)) {
    const { contentHash, path, size, modifiedAt, head, tail } = object;
    if (contentHash === null) {
      found.unreadable.push(path);
      continue;
    }
    if (!found.objects.has(contentHash) && mayBeOverlay(head, tail))
      found.overlays.push(contentHash);
    found.objects.set(contentHash, { path, size, modifiedAt });
  }
  const storedAt = (hash: string): number => found.objects.get(hash)?.modifiedAt.getTime() ?? 0;
  found.overlays.sort((a, b) => storedAt(a) - storedAt(b));
  return found;
}

async function reportOf(
  backend: IStorageBackend,
  hash: string,
  { objects }: Found,
): Promise<OverlayReport | null> {
  const object = objects.get(hash) as InventoriedObject;
  if (object.size > MAX_OVERLAY_BYTES) return null;
  const document = parseOverlay(await text(await backend.readStream(object.path)));
  return (
    document && {
      overlay: `sha256:${hash}`,
      object: object.path,
      storedAt: object.modifiedAt.toISOString(),
      ...changesOf(document, objects),
    }
  );
}

function changesOf(
  { changes }: OverlayDocument,
  objects: Found['objects'],
): Pick<OverlayReport, 'files' | 'deleted' | 'moved' | 'missing'> {
  const report = { files: [], deleted: [], moved: [], missing: 0 } as Pick<
    OverlayReport,
    'files' | 'deleted' | 'moved' | 'missing'
  >;
  for (const change of changes) {
    if (change.op === 'delete') report.deleted.push(change.path);
    else if (change.op === 'move') report.moved.push({ from: change.from, path: change.path });
    else {
      for (const [place, content] of [change, ...(change.patches?.chain ?? [])].entries()) {
        const { contentHash, size } = content;
        const object = objects.get(contentHash.slice('sha256:'.length))?.path ?? null;
        if (object === null) report.missing += 1;
        const patch = place > 0 ? { patch: place } : {};
        report.files.push({ path: change.path, contentHash, size, ...patch, object });
      }
    }
  }
  return report;
}

function inWords(
  { overlay, storedAt, files, deleted, moved, missing }: OverlayReport,
  all: boolean,
): string {
  return [
    `A version, stored at ${storedAt} (overlay ${overlay}): ${files.length - missing} of ${files.length} files are there.`,
    ...files
      .filter(({ object }) => all || object === null)
      .map(
        ({ path, patch, contentHash, object }) =>
          `  ${object === null ? 'MISSING' : 'there  '} ${path}${patch ? `, patch ${patch}` : ''} (${contentHash}${object ? `: ${object}` : ''})`,
      ),
    ...(all ? deleted.map((path) => `  deleted ${path}`) : []),
    ...(all ? moved.map(({ from, path }) => `  moved   ${from} to ${path}`) : []),
  ].join('\n');
}

const sum = (total: {
  objects: number;
  overlays: number;
  others: number;
  missing: number;
  unreadable: string[];
}): string =>
  [
    ...total.unreadable.map((path) => `UNREADABLE ${path}`),
    `${total.objects} contents are there: ${total.overlays} overlay documents, and ${total.others} that none of them names.`,
    total.missing === 0
      ? 'Nothing that an overlay names is missing.'
      : `${total.missing} FILES THAT OVERLAYS NAME ARE MISSING.`,
  ].join('\n');

await runCommand(main, 2);

/** An overlay document, as whoever has nothing but its bytes sees it. */
export interface OverlayDocument {
  version: 1;
  changes: OverlayEntry[];
}

export type OverlayEntry =
  | { op: 'put'; path: string; contentHash: string; size: number; patches?: OverlayPatches }
  | { op: 'delete'; path: string }
  | { op: 'move'; from: string; path: string };

/** What lies over the rows of a file, oldest first. */
export interface OverlayPatches {
  key: string[];
  chain: { contentHash: string; size: number }[];
}

/** How canonical JSON of one begins and ends, for a look at bytes that are not to be read as a whole. */
export const OVERLAY_EDGES = { head: '{"changes":[', tail: '],"version":1}' } as const;

export const mayBeOverlay = (head: string, tail: string): boolean =>
  head.startsWith(OVERLAY_EDGES.head) && tail.endsWith(OVERLAY_EDGES.tail);

/** `null`: it is another document. */
export function parseOverlay(text: string): OverlayDocument | null {
  try {
    const document = JSON.parse(text) as OverlayDocument;
    return document.changes.every(isEntry) ? document : null;
  } catch {
    return null;
  }
}

function isEntry(entry: OverlayEntry): boolean {
  if (typeof entry.path !== 'string') return false;
  if (entry.op === 'move') return typeof entry.from === 'string';
  if (entry.op === 'delete') return true;
  if (entry.op !== 'put') return false;
  return [entry, ...(entry.patches?.chain ?? [])].every(({ contentHash }) =>
    /^sha256:[0-9a-f]{64}$/.test(contentHash),
  );
}

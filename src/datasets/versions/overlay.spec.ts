import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import type { Change, FilePut, PutChange } from './changes.js';
import { overlayDocument, type DescribedPut } from './overlay.js';

describe('overlayDocument', () => {
  it('is the canonical JSON of all changes in the order of their bytes', async () => {
    const put = (path: string, n: number): FilePut => ({ op: 'put', path, fileId: n, index: n });
    const changes: Change[] = [
      put('\u{1f388}', 1),
      put('\uff5e', 2),
      { op: 'move', path: 'b', from: 'a' },
      { op: 'delete', path: 'a' },
      ...Array.from({ length: 12_000 }, (_, n) => put(`d/${(n * 7919) % 12_007}`, n)),
    ];
    const puts = new Map<PutChange, DescribedPut>();
    for (const change of changes) {
      if (change.op !== 'put' || !('fileId' in change)) continue;
      const use = { fileType: 'csv', fileName: 'é.csv', metadata: { z: 1.5, a: ['ü'] } };
      puts.set(change, { change, contentHash: 'ab', size: change.fileId, use });
    }
    const entries = changes.map((change) => {
      if (change.op !== 'put' || !('fileId' in change)) return change;
      const { path, fileId } = change;
      return {
        op: 'put',
        path,
        contentHash: 'sha256:ab',
        size: fileId,
        fileType: 'csv',
        fileName: 'é.csv',
        mimeType: null,
        compressionType: null,
        index: fileId,
        metadata: { z: 1.5, a: ['ü'] },
      };
    });
    entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
    const pieces = await Array.fromAsync(overlayDocument(changes, puts));
    expect(pieces.length).toBeGreaterThan(5);
    expect(Buffer.concat(pieces).toString()).toBe(canonicalize({ version: 1, changes: entries }));
  });
});

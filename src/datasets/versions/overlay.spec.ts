import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import type { DescribedChange } from './changes.js';
import { overlayDocument } from './overlay.js';

describe('overlayDocument', () => {
  it('is the canonical JSON of all changes in the order of their bytes', async () => {
    const use = { fileType: 'csv', fileName: 'é.csv', metadata: { z: 1.5, a: ['ü'] } };
    const put = (path: string, n: number): DescribedChange => {
      const source = { fileId: n };
      return { op: 'put', path, file: { source, contentHash: 'ab', size: n, use, index: n } };
    };
    const changes: DescribedChange[] = [
      put('\u{1f388}', 1),
      put('\uff5e', 2),
      { op: 'move', path: 'b', from: 'a' },
      { op: 'delete', path: 'a' },
      ...Array.from({ length: 12_000 }, (_, n) => put(`d/${(n * 7919) % 12_007}`, n)),
    ];
    const entries = changes.map((change) => {
      if (change.op !== 'put') return change;
      const { path, file } = change;
      return {
        op: 'put',
        path,
        contentHash: 'sha256:ab',
        size: file.size,
        fileType: 'csv',
        fileName: 'é.csv',
        mimeType: null,
        compressionType: null,
        index: file.index,
        metadata: { z: 1.5, a: ['ü'] },
      };
    });
    entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
    const pieces = await Array.fromAsync(overlayDocument(changes));
    expect(pieces.length).toBeGreaterThan(5);
    expect(Buffer.concat(pieces).toString()).toBe(canonicalize({ version: 1, changes: entries }));
  });
});

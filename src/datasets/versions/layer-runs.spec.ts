import { describe, expect, it } from '@jest/globals';
import { MAX_LAYERS, runToMerge } from './layer-runs.js';

const sized = (...entries: number[]) => entries.map((n, id) => ({ id: String(id), entries: n }));
const merged = (...entries: number[]) => {
  const run = runToMerge(sized(...entries));
  return run && { ids: run.layers.map(({ id }) => Number(id)), isBase: run.isBase };
};

describe('runToMerge', () => {
  it('leaves layers alone whose levels grow with their age', () => {
    expect(merged()).toBeNull();
    expect(merged(10)).toBeNull();
    expect(merged(10, 100, 1000, 100_000)).toBeNull();
  });

  it('never leaves as many as may be read', () => {
    const full = Array.from({ length: MAX_LAYERS }, (_, n) => 5 * 10 ** n);
    expect(merged(...full)).toEqual({ ids: [0, 1], isBase: false });
    expect(merged(...full.slice(1))).toBeNull();
  });

  it('takes neighbours of one level, and older ones that the sum would reach', () => {
    expect(merged(3, 4, 1000)).toEqual({ ids: [0, 1], isBase: false });
    expect(merged(10, 10, 90, 10_000)).toEqual({ ids: [0, 1, 2], isBase: false });
    expect(merged(10, 10)).toEqual({ ids: [0, 1], isBase: true });
    expect(merged(5, 2000, 300)).toEqual({ ids: [1, 2], isBase: true });
  });

  it('keeps a chain of 20,000 commits short and writes each entry few times', () => {
    let layers: { id: string; entries: number }[] = [];
    let [longest, written] = [0, 0];
    const commits = 20_000;
    for (let n = 0; n < commits; n += 1) {
      layers = [{ id: `c${n}`, entries: 10 }, ...layers];
      longest = Math.max(longest, layers.length);
      for (let run = runToMerge(layers); run; run = runToMerge(layers)) {
        const ids = run.layers.map(({ id }) => id);
        const entries = run.layers.reduce((sum, layer) => sum + layer.entries, 0);
        written += entries;
        const at = layers.findIndex(({ id }) => id === ids[0]);
        layers = layers.toSpliced(at, ids.length, { id: `m${n}-${at}`, entries });
      }
    }
    expect(longest).toBeLessThanOrEqual(MAX_LAYERS);
    expect(written / (commits * 10)).toBeLessThan(10 * Math.log10(commits * 10));
  });
});

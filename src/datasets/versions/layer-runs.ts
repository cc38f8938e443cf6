import type { LayerSize } from './layers.repository.js';

/** More are merged before another is put on top. */
export const MAX_LAYERS = 8;

/** Tenfold: 1 for up to 10 entries, 2 for up to 100, … */
const levelOf = (entries: number): number => Math.ceil(Math.log10(Math.max(entries, 2)));

/**
 * The newest run of layers that should be one: a level may have one layer, and the levels grow with
 * the age, so that ten million paths lie in seven layers at most, and an entry is written again about
 * ten times for each level that it passes.
 * @param layers newest first
 */
export function runToMerge(
  layers: readonly LayerSize[],
): { layers: LayerSize[]; isBase: boolean } | null {
  const level = layers.findIndex(
    (layer, index) =>
      index + 1 < layers.length &&
      levelOf(layer.entries) >= levelOf((layers[index + 1] as LayerSize).entries),
  );
  if (level < 0 && layers.length < MAX_LAYERS) return null;
  // More than ten million paths can have a layer on every level: then the newest two are one.
  const start = Math.max(level, 0);
  let end = start + 2;
  const sum = (): number =>
    layers.slice(start, end).reduce((total, { entries }) => total + entries, 0);
  while (end < layers.length && levelOf(sum()) >= levelOf((layers[end] as LayerSize).entries)) {
    end += 1;
  }
  return { layers: layers.slice(start, end), isBase: end === layers.length };
}

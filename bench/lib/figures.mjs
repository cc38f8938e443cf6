/** Middle of the values: one disturbed run of a shared machine doesn't move it. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `median (min–max)` of the values, each as `show` writes it. */
export function spread(values, show = (value) => value.toFixed(2)) {
  const ends = [Math.min(...values), Math.max(...values)].map(show).join(' to ');
  return values.length === 1 ? show(values[0]) : `${show(median(values))} (${ends})`;
}

/** Ratios of measurements that were taken right after each other. */
export const ratios = (ours, theirs) => ours.map((value, index) => value / theirs[index]);

export const mibPerSecond = (bytes) => (seconds) =>
  `${Math.round(bytes / 2 ** 20 / seconds)} MiB/s`;

export const sizeText = (bytes) =>
  bytes >= 2 ** 30
    ? `${+(bytes / 2 ** 30).toFixed(2)} GiB`
    : `${+(bytes / 2 ** 20).toFixed(2)} MiB`;

/**
 * One line of the report. `target` is `{ text, met }`, or null for a figure that is only told.
 */
export const row = (what, measured, against, result, target = null) => ({
  what,
  measured,
  against,
  result,
  target: target?.text ?? '',
  verdict: target === null ? '' : target.met ? 'met' : 'NOT met',
});

export const atLeast = (limit, value, unit = '') => ({
  text: `≥ ${limit}${unit}`,
  met: value >= limit,
});
export const atMost = (limit, value, unit = '') => ({
  text: `≤ ${limit}${unit}`,
  met: value <= limit,
});

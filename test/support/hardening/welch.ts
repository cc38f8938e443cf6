/** Samples above this share are interruptions of the machine and not of the code. */
const KEPT = 0.95;

/**
 * Welch's t of two sets of timings, as dudect takes it: how sure it is that their means differ. Below
 * 4.5 nobody could say so.
 */
export function welchT(a: readonly number[], b: readonly number[]): number {
  const limit = [...a, ...b].sort((x, y) => x - y)[Math.floor((a.length + b.length) * KEPT)]!;
  const [first, second] = [a, b].map((all) => momentsOf(all.filter((one) => one <= limit)));
  const error = Math.sqrt(first!.variance / first!.count + second!.variance / second!.count);
  return (first!.mean - second!.mean) / error;
}

function momentsOf(samples: readonly number[]) {
  const count = samples.length;
  const mean = samples.reduce((sum, one) => sum + one, 0) / count;
  const variance = samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}

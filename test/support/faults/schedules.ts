/** Four steps of the first upload, four of the second, three of the collector. */
const STEPS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2];

/** 11! / (4! · 4! · 3!). */
export const ALL_SCHEDULES = 11_550;

/** The schedule of this number, of all that there are. */
export function scheduleOf(number: number): number[] {
  const left = [4, 4, 3];
  const schedule: number[] = [];
  for (let rank = number; schedule.length < STEPS.length;) {
    for (const [actor, count] of left.entries()) {
      if (count === 0) continue;
      left[actor] = count - 1;
      const following = arrangements(left);
      if (rank < following) {
        schedule.push(actor);
        break;
      }
      rank -= following;
      left[actor] = count;
    }
  }
  return schedule;
}

function arrangements(counts: readonly number[]): number {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((result, count) => result / factorial(count), factorial(total));
}

/** One of them by chance (Fisher and Yates). */
export function anySchedule(random: () => number): number[] {
  const result = [...STEPS];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as number, result[last] as number];
  }
  return result;
}

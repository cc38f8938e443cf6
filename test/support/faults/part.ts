import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../history.js';

/** `npm run test:faults` asks for the counts of docs/reliability.md; `npm test` for a few of each. */
export const IS_FULL = process.env['FAULTS'] === 'full';

/** What was done and found so far: figures by name, added up over rounds. */
export type Figures = Record<string, number>;

interface Progress {
  part: string;
  what: string;
  goal: number;
  seed: number;
  rounds: number;
  /** Faults so far. */
  done: number;
  figures: Figures;
  /** Rounds that found something wrong: none is what we promise. */
  failed: number;
  /** Of the last round. */
  date: string;
}

export interface RoundResult {
  /** Faults that this round has made. */
  faults: number;
  /** What else is worth a figure. */
  figures?: Figures;
}

/**
 * One line of docs/reliability.md: a kind of fault, so often. Each round has a seed of its own, made of
 * the part's and its number, and ends with every check; so a part that was interrupted goes on with the
 * round that it was in, and a failure is repeated by FAULT_SEED and FAULT_ROUND.
 */
export class FaultPart {
  private readonly file: string | null;

  constructor(
    /** `K1`: the part of the harness. */
    private readonly part: string,
    /** `kills`: what is counted. */
    private readonly what: string,
    private readonly goals: { short: number; full: number },
  ) {
    const folder = process.env['FAULTS_FOLDER'];
    this.file = folder ? join(folder, `${part} ${what}.json`.replaceAll(' ', '-')) : null;
  }

  get goal(): number {
    return IS_FULL ? this.goals.full : this.goals.short;
  }

  /** Plays rounds until there were as many faults as this run is to make. */
  async play(
    round: (random: () => number, number: number) => Promise<RoundResult>,
  ): Promise<Progress> {
    const progress = await this.begin();
    const only = process.env['FAULT_ROUND'];
    if (only) progress.rounds = Number(only);
    while (progress.done < progress.goal) {
      const number = progress.rounds;
      const where = `${this.part} ${this.what}: FAULT_SEED=${progress.seed} FAULT_ROUND=${number}`;
      if (IS_FULL) process.stderr.write(`${where} (${progress.done} of ${progress.goal})\n`);
      const random = seededRandom(progress.seed + number * 7919);
      progress.rounds += 1;
      const { faults, figures = {} } = await round(random, number).catch(async (error: unknown) => {
        process.stderr.write(`${where} failed\n`);
        progress.failed += 1;
        await this.save(progress);
        throw error;
      });
      progress.done += faults;
      for (const [name, count] of Object.entries(figures)) {
        progress.figures[name] = (progress.figures[name] ?? 0) + count;
      }
      await this.save(progress);
      if (only) break;
    }
    return progress;
  }

  private async begin(): Promise<Progress> {
    const given = process.env['FAULT_SEED'];
    const fresh: Progress = {
      part: this.part,
      what: this.what,
      goal: this.goal,
      seed: given ? Number(given) : Math.floor(Math.random() * 2 ** 31),
      rounds: 0,
      done: 0,
      figures: {},
      failed: 0,
      date: '',
    };
    const kept = this.file && (await readFile(this.file, 'utf8').catch(() => null));
    if (!kept) return fresh;
    const before = JSON.parse(kept) as Progress;
    return before.done < this.goal && (!given || before.seed === fresh.seed)
      ? { ...before, goal: this.goal }
      : fresh;
  }

  private async save(progress: Progress): Promise<void> {
    if (!this.file) return;
    progress.date = new Date().toISOString().slice(0, 10);
    await mkdir(join(this.file, '..'), { recursive: true });
    await writeFile(this.file, JSON.stringify(progress));
  }
}

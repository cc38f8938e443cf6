/** What `--repair` does about a kind of finding. */
export interface FsckKindRule {
  /** What it means. */
  means: string;
  /** What the repair does; `null`: nothing that a machine could do. */
  repair: string | null;
}

/** Everything that a check can find: a closed list. */
export const FSCK_KINDS = {
  'object-missing': {
    means: 'The bytes of a file are not in the store.',
    repair: 'Marks the file as missing, so that the next upload of the same bytes heals it.',
  },
  'object-wrong-size': {
    means: 'The bytes of a file are more or fewer than they were.',
    repair: 'Marks the file as corrupt, so that the next upload of the same bytes heals it.',
  },
  'object-corrupt': {
    means: 'The bytes of a file are not those of its SHA-256.',
    repair: 'Marks the file as corrupt, so that the next upload of the same bytes heals it.',
  },
  'object-unreadable': {
    means: 'The store fails on the bytes of a file, and did not say that they are gone.',
    repair: null,
  },
  'mark-outdated': {
    means: 'A file is marked as missing or corrupt, and its bytes are there and right.',
    repair: 'Takes the mark away.',
  },
  'crcs-wrong': {
    means: 'The bytes of a file are right, and the CRCs that verify parts of it are not.',
    repair: 'Writes the CRCs of the bytes.',
  },
  'backend-other': {
    means: 'A file lies on another storage backend than this installation is set up with.',
    repair: null,
  },
  'count-wrong': {
    means: 'The count of a file is not the number of its references.',
    repair: 'Counts again, while the file is locked.',
  },
  'zero-since-wrong': {
    means: 'A file without references does not say since when, or one with references does.',
    repair: 'Counts again, while the file is locked.',
  },
  'reference-dangling': { means: 'A reference is on a file that does not exist.', repair: null },
  'use-unheld': {
    means: 'Something uses a file without the reference on it that it says it has.',
    repair: null,
  },
  'object-orphaned': {
    means: 'An object is named by no file and no intent.',
    repair: 'Hands it to the collector when it is older than a day; younger ones are kept.',
  },
  'object-strange': {
    means:
      'Something lies in the store that this service does not write there: a name, a link, a folder.',
    repair: null,
  },
  'staged-orphaned': {
    means: 'Bytes of an upload were left, and no intent names them.',
    repair:
      'Hands them to the collector, which removes them a day later at the earliest. What lies beside a file of ' +
      'the same name goes with the file.',
  },
  'intent-conflicting': {
    means: 'An intent names the object of a file: the collector would remove bytes in use.',
    repair: 'Removes the intent.',
  },
  'intent-dead': {
    means: 'An upload has been dead for a day, and no collector came for it. Run `npm run gc`.',
    repair: null,
  },
  'delete-overdue': {
    means: 'An object was to be removed a day ago, or its removal fails again and again.',
    repair: null,
  },
} as const satisfies Record<string, FsckKindRule>;

export type FsckKind = keyof typeof FSCK_KINDS;

/** `marked`: what is lost is lost, but nobody is deceived; `kept`: a repair takes it only later, or never. */
export const FSCK_OUTCOMES = ['reported', 'healed', 'handed-over', 'marked', 'kept'] as const;

export type FsckOutcome = (typeof FSCK_OUTCOMES)[number];

export interface FsckFinding {
  kind: FsckKind;
  /** What was found, for people. */
  message: string;
  outcome: FsckOutcome;
  fileId?: number;
  contentHash?: string;
  storageKey?: string;
  referenceId?: string;
  intentId?: string;
  /** Who uses bytes that are lost: the first 20. */
  uses?: string[];
  /** References on bytes that are lost. */
  references?: number;
}

/** Whether it is still wrong after the run. */
export const isLeft = ({ outcome }: Pick<FsckFinding, 'outcome'>): boolean =>
  outcome !== 'healed' && outcome !== 'handed-over';

export interface FsckOptions {
  /** Which share of the files is read to its last byte, 0 to 100. */
  readData: number;
  repair: boolean;
  /** Chooses those that are read; the same number chooses the same ones. */
  seed: number;
}

export const FSCK_PHASES = ['intents', 'files', 'references', 'objects', 'staged', 'uses'] as const;

export interface FsckProgress {
  phase: (typeof FSCK_PHASES)[number];
  /** Rows of `files`. */
  files: number;
  /** As it was at the beginning. */
  filesTotal: number;
  objects: number;
  /** Read and hashed. */
  bytes: number;
  findings: number;
  left: number;
  byKind: Partial<Record<FsckKind, number>>;
}

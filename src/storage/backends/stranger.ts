/** Something that lies where a backend keeps its bytes, and that none of its methods would take. */
export interface Stranger {
  /** Where, seen from the root of the store. */
  path: string;
  /** `a folder`, `a symbolic link`, … */
  what: string;
  /** What `listStaged` calls it, if it does. */
  stagedPath?: string;
}

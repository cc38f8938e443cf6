import { join } from 'node:path';

/** In place of `engine/child-main`: a child is started from the build, since Node.js can't run the source. */
export const CHILD_MAIN = join(process.cwd(), 'dist/src/tabular/engine/child/main.js');

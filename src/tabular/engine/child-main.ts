import { fileURLToPath } from 'node:url';

/** The program of a child process. */
export const CHILD_MAIN = fileURLToPath(new URL('./child/main.js', import.meta.url));

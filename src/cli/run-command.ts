/** An undefined table or column: the schema is of an earlier version. */
const MISSING = ['42P01', '42703'];

/**
 * Runs a command and ends the process with the code that it returns.
 * @param failure the code when it throws: with the reason on stderr, and no stack
 * @param onOldSchema the reason when the database lacks what the command looks for
 */
export async function runCommand(
  main: () => Promise<number>,
  failure: number,
  onOldSchema = 'This database is of an earlier version: start the service once to have it migrated.',
): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isOld = MISSING.includes((error as { code?: string } | null)?.code ?? '');
    const reason = error instanceof Error ? error.message : error;
    console.error(isOld ? onOldSchema : reason);
    process.exitCode = failure;
  }
}

/** Prints the one line that scripts and people read, `N passed, N failed`, last of all. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that could not even be loaded holds tests that did not pass.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    // Jest has more to say after this, and so may a process that does not end; at exit nobody has.
    process.on('exit', () => {
      const aloud = skipped > 0 ? `${skipped} skipped\n` : '';
      process.stdout.write(`\n${aloud}${results.numPassedTests} passed, ${failed} failed\n`);
    });
  }
}

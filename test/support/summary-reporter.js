/** Prints the one line that scripts and people read: `N passed, N failed`, last of all. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that could not even be loaded holds tests that did not pass.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed`;
    process.on('exit', () => {
      process.stderr.write('');
      process.stdout.write(`\n${line}${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }
}

/** One run, six projects; `npm run test:<project>` picks one. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // Specifiers end in `.js`, as Node wants them; under Jest the source is `.ts`.
  moduleNameMapper: {
    '^\\./child-main\\.js$': '<rootDir>/test/support/engine-child-main.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2023',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/setup.ts'],
  // A folder of a running test service or a build is no place to look for tests.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
};

const project = (displayName, testMatch) => ({ ...shared, displayName, testMatch });

export default {
  projects: [
    project('unit', ['<rootDir>/src/**/*.spec.ts']),
    project('contract', ['<rootDir>/test/contract/**/*.spec.ts']),
    project('architecture', ['<rootDir>/test/architecture/**/*.spec.ts']),
    project('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.e2e-spec.ts']),
    project('faults', ['<rootDir>/test/faults/**/*.spec.ts']),
  ],
  // One for each core: Jest's default leaves one to itself, which on two cores means half the speed.
  maxWorkers: '100%',
  testTimeout: 60_000,
  coverageProvider: 'v8',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.js'],
};

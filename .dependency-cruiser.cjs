/**
 * Who may import whom. `npm run boundaries` checks it, and test/architecture/boundaries.spec.ts
 * plants a violation of every rule. A slice is a folder of src/ other than these three.
 */
const NO_SLICE = '(?:core|cli|migrations)/';
const SLICE = `^src/(?!${NO_SLICE})[^/]+/`;

const packages = (...names) => `node_modules/(?:@types/)?(?:${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'core-knows-no-slice',
      comment:
        'Contracts point inwards: what every slice stands on can stand on none of them, nor on what assembles them.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/', pathNot: '^src/core/' },
    },
    {
      name: 'slices-know-no-application',
      comment:
        'A slice is assembled by the application and can be assembled otherwise, in a test or a command.',
      severity: 'error',
      from: { path: SLICE },
      to: { path: ['^src/[^/]+\\.ts$', '^src/(?:cli|migrations)/'] },
    },
    {
      name: 'slice-public-face-only',
      comment:
        'Whatever is not exported by its index.ts a slice may change without asking anybody.',
      severity: 'error',
      from: { path: '^(?:src/)?([^/]+)' },
      to: { path: SLICE, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'only-app-module-assembles',
      comment:
        'app.module.ts is the one place that tells which modules there are; others come by through an index.ts.',
      severity: 'error',
      from: { path: '^(?:src/)?([^/]+)', pathNot: '^src/app\\.module\\.ts$' },
      to: { path: '\\.module\\.ts$', pathNot: ['^src/$1/', '^src/app\\.module\\.ts$'] },
    },
    {
      name: 'nothing-imports-the-entry',
      comment: 'Importing main.ts or run.ts starts a service.',
      severity: 'error',
      from: { pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(?:main|run)\\.ts$' },
    },
    {
      name: 'controllers-know-no-persistence',
      comment: 'A route calls its service and maps the answer; rows are not its business.',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: ['\\.repository\\.ts$', '\\.entity\\.ts$'] },
    },
    {
      name: 'services-know-no-http',
      comment:
        'Services throw AppError and take plain values, so that a job or a command can call them.',
      severity: 'error',
      from: { path: '\\.service\\.ts$' },
      to: {
        path: packages(
          '@nestjs/swagger',
          '@nestjs/platform-express',
          'express',
          'multer',
          'body-parser',
        ),
      },
    },
    {
      name: 'only-persistence-knows-typeorm',
      comment:
        'SQL lives in repositories, so that it is found, reviewed and replaced in one place.',
      severity: 'error',
      from: {
        pathNot: [
          '\\.repository\\.ts$',
          '\\.entity\\.ts$',
          '\\.module\\.ts$',
          '^src/core/database/',
          '^src/migrations/',
          '^ormconfig\\.ts$',
        ],
      },
      to: { path: packages('typeorm', '@nestjs/typeorm') },
    },
    {
      name: 'backends-stand-alone',
      comment:
        'A backend is the contract and an SDK. One that leans on another, or on a service, can be neither swapped nor tested alone.',
      severity: 'error',
      from: { path: '^src/([^/]+)/backends/([^/]+)/' },
      to: {
        path: ['^src/$1/backends/[^/]+/', '\\.(?:service|repository|controller|module)\\.ts$'],
        pathNot: '^src/$1/backends/$2/',
      },
    },
    {
      name: 'embedded-postgres-on-demand',
      comment: 'An installation with DATABASE_URL must not load, or need, what starts a server.',
      severity: 'error',
      from: { pathNot: '^src/core/database/embedded/' },
      to: { path: '^src/core/database/embedded/', dynamic: false },
    },
    {
      name: 'embedded-postgres-public-face-only',
      comment: 'Locks, sockets and processes are its own affair.',
      severity: 'error',
      from: { pathNot: '^src/core/database/embedded/' },
      to: { path: '^src/core/database/embedded/', pathNot: '/index\\.ts$' },
    },
    {
      name: 'installed-in-production',
      comment: 'A package of devDependencies is absent where `npm ci --omit=dev` was run.',
      severity: 'error',
      from: { pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-resolves',
      comment: 'A rule sees only what is found: an import that resolves to nothing breaks none.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Type-only imports count too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};

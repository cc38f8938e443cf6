import { readFile, writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { VersioningType } from '@nestjs/common';
import { AppModule } from '../app.module.js';
import { loadEnv } from '../core/config/load-env.js';
import { createOpenApiDocument } from '../openapi.js';

const FILE = 'openapi.json';

/**
 * Writes the OpenAPI document of this build to `openapi.json`; with `--check` fails when the
 * committed one is another. Nothing is started: in preview mode Nest instantiates no provider.
 */
async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule.with(loadEnv({}, null), { url: '' }), {
    preview: true,
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  const generated = `${JSON.stringify(createOpenApiDocument(app), null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    await writeFile(FILE, generated);
    return;
  }
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== generated) {
    console.error(`${FILE} is not what this build generates: run \`npm run openapi:write\`.`);
    process.exitCode = 1;
  }
}

await main();

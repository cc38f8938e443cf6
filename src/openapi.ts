import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from './core/http/problems/problem.dto.js';
import { documentDefaults, documentWholeNumbers } from './core/http/api-defaults.js';
import { documentHeaders } from './core/http/api-headers.js';
import { documentCommonProblems } from './core/http/api-problems.js';
import { documentMoreBodies } from './core/http/more-bodies.extension.js';

const DESCRIPTION = `Self-hosted dataset repository. Files of any size, stored once per content.

Every failure is \`application/problem+json\` (RFC 9457) with a stable \`code\`.
Press **Authorize** and paste the API key that the first start printed.`;

export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Stratum')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description:
        'An API key: stratum_… Or a JWT of the identity provider, where one is configured.',
    })
    .addTag('files', 'Upload, find and download files')
    .addTag('datasets', 'What people say of datasets; create, edit, delete and restore them')
    .addTag('versions', 'Commit, read, compare, restore and delete versions')
    .addTag('refs', 'Branches and tags of versions, and merges')
    .addTag('tags', 'Labels of datasets')
    .addTag('search', 'Find datasets')
    .addTag('access', 'Keys, users, groups and their roles')
    .addTag('audit', 'Who changed what')
    .addTag('operation', 'Checks of the store, for admins of the installation')
    .addTag('health', 'Whether the service runs, and its figures')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    extraModels: [ProblemDto],
    // Every operation names its tag; one that its controller's name would add shows it twice.
    autoTagControllers: false,
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '').toLowerCase()}_${method}`,
  });
  for (const add of [
    documentMoreBodies,
    documentCommonProblems,
    documentHeaders,
    documentDefaults,
    documentWholeNumbers,
  ]) {
    add(document);
  }
  return document;
}

/** Swagger UI at `/docs`, the document at `/openapi.json`; both need no key. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Stratum API',
    swaggerOptions: {
      persistAuthorization: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
    },
  });
}

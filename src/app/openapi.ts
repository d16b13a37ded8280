import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { DATA_PLANE_PATHS, DATA_PLANE_SCHEMAS } from '../modules/gateway/http/data-plane-openapi.js';
import { BEARER_SCHEME, PROBLEM_SCHEMA, SESSION_SCHEME } from '../platform/http/access.js';
import { SESSION_COOKIE } from '../platform/http/cookies.js';
import { PRODUCT_VERSION } from './product.js';

/** The OpenAPI document of everything a process answers: the admin API from its controllers, the data plane from its own description. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Lethe')
    .setDescription('The AI gateway that keeps its privacy policy. `/v1` speaks the clients’ own dialects; `/api/v1` is for operators.')
    .setVersion(PRODUCT_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('http://127.0.0.1:8080', 'A development installation')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An operator token (`lethe_op_…`) or an API key (`lethe_sk_…`).' },
      BEARER_SCHEME,
    )
    .addCookieAuth(
      SESSION_COOKIE,
      {
        type: 'apiKey',
        in: 'cookie',
        description: 'A person who is signed in. Whatever changes something also needs the session’s CSRF token in `x-csrf-token`.',
      },
      SESSION_SCHEME,
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  for (const path of Object.values(document.paths)) {
    // An operation that demands nothing says so: an absent `security` reads as forgotten.
    for (const operation of [path.get, path.post, path.put, path.patch, path.delete]) if (operation) operation.security ??= [];
  }
  document.paths = { ...document.paths, ...DATA_PLANE_PATHS };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...DATA_PLANE_SCHEMAS, Problem: PROBLEM_SCHEMA },
  };
  return document;
}

/** Swagger UI at `/docs`, the document itself at `/openapi.json`. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', customSiteTitle: 'Lethe API' });
}

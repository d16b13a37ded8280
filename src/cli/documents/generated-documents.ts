import { ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../app/app.module.js';
import { HttpServer } from '../../app/http-server.js';
import { openApiDocument } from '../../app/openapi.js';
// For the errors it declares: starting is not part of the application that is looked at here.
import '../../app/start.js';
import { declaredTables } from '../../contracts/data-inventory.js';
import { declaredStores } from '../../contracts/store-inventory.js';
import { SystemClock } from '../../kernel/clock.js';
import { declaredErrors } from '../../kernel/errors.js';
import { DATA_PLANE_PATHS } from '../../modules/gateway/http/data-plane-openapi.js';
import { declaredSettings } from '../../platform/config/setting.js';
import { readProfile } from '../../modules/retention/core/profile/read-profile.js';
import { Settings } from '../../platform/config/settings.js';
import { errorsDocument } from '../../platform/http/errors-doc.js';
import { permissionsDocument } from '../../platform/http/permissions-doc.js';
import { type DeclaredRoute, declaredRoutes } from '../../platform/http/routes.js';
import { Log } from '../../platform/telemetry/logger.js';
import { configurationDocument } from './configuration.js';
import { dataInventoryDocument } from './data-inventory.js';
import { dataInventoryJson } from './data-inventory-json.js';
import { DATA_INVENTORY_SCHEMA } from './data-inventory-schema.js';

/** Path to text. The same code gives the same bytes. */
export async function generatedDocuments(): Promise<Map<string, string>> {
  const application = await preview();
  const routes = [...declaredRoutes(application.get(ModulesContainer)), ...dataPlaneRoutes()];
  return new Map([
    ['openapi.json', `${JSON.stringify(openApiDocument(application), null, 2)}\n`],
    ['docs/permissions.md', permissionsDocument(routes)],
    ['docs/errors.md', errorsDocument(declaredErrors())],
    ['docs/data-inventory.md', dataInventoryDocument(declaredTables(), declaredStores())],
    ['docs/data-inventory.json', dataInventoryJson(declaredTables(), declaredStores())],
    ['docs/data-inventory.schema.json', `${JSON.stringify(DATA_INVENTORY_SCHEMA, null, 2)}\n`],
    ['docs/configuration.md', configurationDocument(declaredSettings(), new Settings())],
  ]);
}

/** The application with every role as Nest sees it before any provider is made: nothing connects. */
function preview(): Promise<NestFastifyApplication> {
  const runtime = {
    settings: new Settings(),
    log: Log.open({ level: 'silent' }),
    clock: new SystemClock(),
    profile: readProfile('zero-retention'),
    database: { url: 'postgresql://preview', ownerUrl: 'postgresql://preview' },
  };
  return NestFactory.create<NestFastifyApplication>(AppModule.forRoot(runtime), new HttpServer().adapter, {
    preview: true,
    logger: false,
    abortOnError: false,
  });
}

/** The data plane answers before the framework sees a request, so its routes are in no controller. */
function dataPlaneRoutes(): DeclaredRoute[] {
  return Object.entries(DATA_PLANE_PATHS).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{(\w+)\}/g, ':$1'),
      handler: 'data plane',
      access: { kind: 'permission' as const, permission: 'inference:invoke' as const },
    })),
  );
}

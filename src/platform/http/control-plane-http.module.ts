import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { assertEveryRouteDeclaresAccess, declaredRoutes } from './routes.js';
import { RequestValidationPipe } from './validation.js';

/**
 * Errors as problem+json, validation, and the start-up check that every route declares its access. The guard is bound in
 * `app/`, where authentication is known. Needs `TelemetryModule`.
 */
@Module({
  providers: [
    { provide: APP_FILTER, useClass: ProblemDetailsFilter },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
  ],
})
export class ControlPlaneHttpModule implements OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /** Stops the start-up when a route could be reached by accident. */
  onModuleInit(): void {
    assertEveryRouteDeclaresAccess(declaredRoutes(this.modules, this.config.getGlobalPrefix()));
  }
}

import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { type RouteAccess, routeAccess } from './access.js';

/** One route of the control plane and what it demands of the caller. */
export interface DeclaredRoute {
  readonly method: string;
  readonly path: string;
  /** `ProjectsController.list`. */
  readonly handler: string;
  /** Undefined when the route declares neither or several of `@Public()`, `@Requires(…)` and `@FinishesSignIn()`. */
  readonly access: RouteAccess | undefined;
}

/** Every route of every controller, sorted by path and method. `prefix` is the application's global prefix, if it has one. */
export function declaredRoutes(modules: ModulesContainer, prefix = ''): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  const routes = [...modules.values()]
    .flatMap((module) => [...module.controllers.values()])
    .flatMap(({ metatype }) => (typeof metatype === 'function' ? routesOf(metatype, scanner, prefix) : []));
  const unique = new Map(routes.map((route) => [`${route.path} ${route.method} ${route.handler}`, route]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route);
}

function routesOf(
  controller: { readonly name: string; readonly prototype?: unknown },
  scanner: MetadataScanner,
  prefix: string,
): DeclaredRoute[] {
  const prototype = controller.prototype as Record<string, object>;
  const bases = pathsOf(controller);
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    if (handler === undefined || !Reflect.hasMetadata(METHOD_METADATA, handler)) return [];
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number] ?? 'ALL';
    const access = routeAccess(handler);
    return bases.flatMap((base) =>
      pathsOf(handler).map((path) => ({ method, path: join(prefix, base, path), handler: `${controller.name}.${name}`, access })),
    );
  });
}

function pathsOf(target: object): string[] {
  return [Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined].flat().map((path) => path ?? '');
}

function join(...parts: string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

/** Throws a sentence naming every route that does not have exactly one of `@Public()`, `@Requires(…)` and `@FinishesSignIn()`. */
export function assertEveryRouteDeclaresAccess(routes: readonly DeclaredRoute[]): void {
  const open = routes.filter((route) => route.access === undefined);
  if (open.length === 0) return;
  const names = open.map((route) => `${route.method} ${route.path} (${route.handler})`).join(', ');
  throw new Error(`Every route needs exactly one of @Public(), @Requires(permission) and @FinishesSignIn(); this is not so for ${names}.`);
}

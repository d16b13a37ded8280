import type { FastifyInstance } from 'fastify';
import { kernelErrors } from '../kernel/errors.js';
import type { Role } from '../platform/config/process-settings.js';

/** The routes every role has. */
const EVERYWHERE = /^\/(?:health\/|metrics$)/;

/**
 * A process that is not asked to serve the admin API answers as if it had none: what it does not do cannot be attacked through it. The
 * route that matched decides, not the address, which may be written in many ways. `/v1` exists only where the gateway claims it.
 */
export function serveRolesOnly(server: FastifyInstance, roles: readonly Role[]): void {
  if (roles.includes('api')) return;
  server.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions;
    done(url === undefined || EVERYWHERE.test(url) ? undefined : kernelErrors.not_found());
  });
}

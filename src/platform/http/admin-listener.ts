import type { IncomingMessage } from 'node:http';

/** Where every address of the operator side begins. */
const ADMIN_PREFIX = '/admin/';

const admitted = new WeakSet<IncomingMessage>();

/** Notes that a request came through the admin listener. Only who owns that listener calls this: nothing in a request can claim it. */
export function cameByAdminListener(request: IncomingMessage): void {
  admitted.add(request);
}

export function isByAdminListener(request: IncomingMessage): boolean {
  return admitted.has(request);
}

/** Whether the route that matched is the operator side's; an address may be written in many ways. */
export function isAdminRoute(route: string | undefined): boolean {
  return route?.startsWith(ADMIN_PREFIX) === true;
}

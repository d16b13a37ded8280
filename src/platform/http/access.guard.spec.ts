import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { type AccountId, newId, type OrganisationId, type SessionId } from '../../kernel/ids.js';
import { Requires } from './access.js';
import { PermissionGuard } from './access.guard.js';
import type { AccountPrincipal } from './principal.js';

class Routes {
  @Requires('keys:write')
  write(this: void): void {}
}

const home = newId<OrganisationId>();
const elsewhere = newId<OrganisationId>();

/** A developer at home, a viewer elsewhere. */
const person: AccountPrincipal = {
  kind: 'account',
  id: newId<AccountId>(),
  sessionId: newId<SessionId>(),
  permissions: new Set(['identity:read']),
  memberships: new Map([
    [home, { role: 'developer', permissions: new Set(['keys:write']) }],
    [elsewhere, { role: 'viewer', permissions: new Set(['usage:read']) }],
  ]),
  provenAtMs: 0,
  secondFactorAtMs: null,
};

function to(params: object, query: object = {}): Promise<boolean> {
  const request = { user: person, params, query };
  const context = { getHandler: () => Routes.prototype.write, switchToHttp: () => ({ getRequest: () => request }) };
  return new PermissionGuard().canActivate(context as unknown as ExecutionContext);
}

describe('A2: a person may in an organisation what their role there lets them', () => {
  it('whichever way its id is written', async () => {
    for (const organisationId of [home, home.toUpperCase()]) {
      await expect(to({ organisationId })).resolves.toBe(true);
      await expect(to({}, { organisationId })).resolves.toBe(true);
    }
    for (const organisationId of [elsewhere, elsewhere.toUpperCase()]) {
      await expect(to({ organisationId })).rejects.toThrow('http/forbidden');
      await expect(to({}, { organisationId })).rejects.toThrow('http/forbidden');
    }
  });

  it('and the address counts, not what the query says beside it', async () => {
    await expect(to({ organisationId: elsewhere }, { organisationId: home })).rejects.toThrow('http/forbidden');
    await expect(to({ organisationId: newId() }, { organisationId: home })).rejects.toThrow('lethe/not_found');
    await expect(to({}, { organisationId: [home, elsewhere] })).rejects.toThrow('http/forbidden');
  });
});

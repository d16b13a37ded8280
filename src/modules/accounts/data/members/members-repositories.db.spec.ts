import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, signUp } from '../../../../../test/harness/accounts.js';
import { TestLethe } from '../../../../../test/harness/app.js';
import { memberOf } from '../../../../../test/harness/organisations.js';
import { type InvitationId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { OrganisationAdministration } from '../../../tenants/tenants.contract.js';
import type { Invitation } from './invitation.entity.js';
import { InvitationsRepository } from './invitations.repository.js';
import type { OwnershipOffer } from './ownership-offer.entity.js';
import { OwnershipOffersRepository } from './ownership-offers.repository.js';

const actor = { kind: 'system', id: 'test' } as const;
const now = new Date();
const later = new Date(now.getTime() + 60_000);

describe('A3: another organisation is refused', () => {
  let test: TestLethe;
  let mine: OrganisationId;
  let foreign: OrganisationId;
  let theirs: { readonly owner: Person; readonly viewer: Person };
  const invitations = new InvitationsRepository();
  const offers = new OwnershipOffersRepository();

  beforeAll(async () => {
    test = await TestLethe.start({ environment: { LETHE_ROLES: 'api' } });
    [mine, foreign] = [await organisation('mine'), await organisation('foreign')];
    theirs = { owner: await memberOf(test, foreign, 'owner'), viewer: await memberOf(test, foreign, 'viewer') };
  });
  afterAll(() => test?.stop());

  async function organisation(slug: string): Promise<OrganisationId> {
    const administration = test.lethe.get(OrganisationAdministration);
    return (await administration.createOrganisation({ slug, name: slug, kind: 'customer' }, actor)).id;
  }

  function inside<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T> {
    return test.lethe.get(UnitOfWork).forOrganisation(organisationId, work);
  }

  function invitationInto(organisationId: OrganisationId, email = 'kim@example.com'): Invitation {
    const mails = { email, emailNormal: email, locale: 'en', tokenHash: Buffer.alloc(32, email), sentCount: 1 };
    const inviter = { invitedByKind: 'account', invitedBy: theirs.owner.accountId } as const;
    const id = newId<InvitationId>();
    return { id, organisationId, role: 'admin', ...mails, ...inviter, createdAt: now, sentAt: now, expiresAt: later };
  }

  it('by the invitations repository', async () => {
    const invitation = invitationInto(foreign);
    const { id, tokenHash, emailNormal } = invitation;
    expect(await inside(foreign, (tx) => invitations.insert(tx, invitation))).toBe(true);
    await inside(mine, async (tx) => {
      expect(await invitations.find(tx, foreign, id)).toBeNull();
      expect(await invitations.lock(tx, foreign, id)).toBeNull();
      expect(await invitations.lockByToken(tx, tokenHash)).toBeNull();
      expect(await invitations.list(tx, foreign, undefined, 10)).toEqual([]);
      expect(await invitations.count(tx, foreign)).toBe(0);
      expect(await invitations.existsFor(tx, emailNormal, now)).toBe(false);
      expect(await invitations.delete(tx, foreign, id)).toBe(false);
      expect(await invitations.deleteExpired(tx, later)).toBe(0);
      await invitations.renew(tx, invitation, { ...invitation, tokenHash: Buffer.alloc(32, 1) });
    });
    expect(await test.rows('SELECT token_hash FROM invitation')).toEqual([{ token_hash: tokenHash }]);
    const planted = invitationInto(foreign, 'planted@example.com');
    await expect(inside(mine, (tx) => invitations.insert(tx, planted))).rejects.toThrow(/row-level security/);
    const pace = { burst: 1, perDay: 1 };
    await expect(inside(mine, (tx) => invitations.allowMail(tx, foreign, pace, now))).rejects.toThrow(/row-level security/);
  });

  it('by the repository of ownership offers', async () => {
    const { owner, viewer } = theirs;
    const offer: OwnershipOffer = {
      organisationId: foreign,
      fromAccountId: owner.accountId,
      toAccountId: viewer.accountId,
      createdAt: now,
      expiresAt: later,
    };
    expect(await inside(foreign, (tx) => offers.insert(tx, offer))).toBe(true);
    await inside(mine, async (tx) => {
      expect(await offers.find(tx, foreign)).toBeNull();
      expect(await offers.lock(tx, foreign)).toBeNull();
      expect(await offers.delete(tx, foreign)).toBe(false);
      expect(await offers.deleteExpired(tx, later)).toBe(0);
    });
    await expect(inside(mine, (tx) => offers.insert(tx, offer))).rejects.toThrow(/row-level security/);
    const mineToThem = { ...offer, organisationId: mine };
    await expect(inside(mine, (tx) => offers.insert(tx, mineToThem))).rejects.toThrow(/foreign key/);
    const stranger = await signUp(test.lethe);
    const outside = { ...offer, toAccountId: stranger.accountId };
    await inside(foreign, (tx) => offers.delete(tx, foreign));
    await expect(inside(foreign, (tx) => offers.insert(tx, outside))).rejects.toThrow(/foreign key/);
  });

  it('an invitation is for the accounts of its address in whatever organisation asks, when the system asks', async () => {
    const found = test.lethe.get(UnitOfWork).asSystem((tx) => invitations.existsFor(tx, 'kim@example.com', now));
    expect(await found).toBe(true);
    expect(await test.lethe.get(UnitOfWork).asSystem((tx) => invitations.existsFor(tx, 'kim@example.com', later))).toBe(false);
  });
});

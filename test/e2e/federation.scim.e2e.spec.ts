import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { GROUP, PATCH, TestDirectory, USER } from '../harness/scim.js';

let lethe: TestLethe;
let acme: TestDirectory;
let other: TestDirectory;

beforeAll(async () => {
  lethe = await TestLethe.start();
  [acme, other] = [await TestDirectory.of(lethe), await TestDirectory.of(lethe)];
});

afterAll(() => lethe.stop());

async function memberRole(directory: TestDirectory, email: string): Promise<string | undefined> {
  const rows = await lethe.rows<{ role: string }>(
    `SELECT role FROM membership JOIN account ON account.id = account_id WHERE organisation_id = $1 AND email_normal = lower($2)`,
    [directory.organisationId, email],
  );
  return rows[0]?.role;
}

async function account(email: string): Promise<{ id: string; status: string }> {
  const [row] = await lethe.rows<{ id: string; status: string }>('SELECT id, status FROM account WHERE email_normal = lower($1)', [email]);
  if (row === undefined) throw new Error('no such account');
  return row;
}

/** Everything a refused request must leave as it was. */
async function everything(): Promise<unknown> {
  return lethe.rows(
    `SELECT (SELECT json_agg(u ORDER BY u.id) FROM scim_user u) AS users, (SELECT json_agg(g ORDER BY g.id) FROM scim_group g) AS groups,
       (SELECT json_agg(gm ORDER BY gm.group_id, gm.user_id) FROM scim_group_member gm) AS members,
       (SELECT json_agg(m ORDER BY m.account_id) FROM membership m) AS memberships, (SELECT count(*) FROM account) AS accounts,
       (SELECT count(*) FROM audit_event) AS audit`,
  );
}

describe('users of a directory', () => {
  it('A1: are taken in with account and membership, shown as they are kept, and nothing else of them is', async () => {
    const created = await acme.createUser('ada', {
      externalId: 'e-ada',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ value: acme.address('ada'), type: 'work', primary: true }],
      password: 'hunter2hunter2',
      title: 'Countess',
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('content-type')).toContain('application/scim+json');
    expect(created.headers.get('location')).toBe(`${(created.body.meta as { location: string }).location}`);
    const read = await acme.call('GET', `/Users/${created.body.id}`);
    expect(read.body).toMatchObject({
      schemas: [USER],
      userName: acme.address('ada'),
      externalId: 'e-ada',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ value: acme.address('ada'), primary: true }],
      active: true,
      meta: { resourceType: 'User' },
    });
    expect(JSON.stringify(read.body)).not.toMatch(/hunter2|Countess/);
    expect(await memberRole(acme, acme.address('ada'))).toBe('viewer');
    const audit = await lethe.rows<{ detail: unknown }>(`SELECT detail FROM audit_event WHERE target_id = $1`, [created.body.id]);
    expect(JSON.stringify(audit)).not.toContain('ada');
  });

  it('of unknown spelling are found by filters and read in parts', async () => {
    for (const name of ['bob', 'ben', 'Łódź']) await acme.createUser(name, { externalId: `e-${name}` });
    const find = async (filter: string): Promise<number> =>
      (await acme.call('GET', `/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;
    expect(await find(`userName eq "${acme.address('BOB')}"`)).toBe(1);
    expect(await find(`userName sw "b" and active eq true`)).toBe(2);
    expect(await find(`userName sw "łó"`)).toBe(1);
    expect(await find(`externalId eq "E-bob"`)).toBe(0);
    expect(await find(`userName co "%"`)).toBe(0);
    expect(await find(`userName eq "${other.address('x')}" or externalId eq "e-ben"`)).toBe(1);
    const page = await acme.call('GET', `/Users?startIndex=2&count=1&attributes=userName`);
    expect(page.body).toMatchObject({ startIndex: 2, itemsPerPage: 1 });
    expect(Object.keys(page.body.Resources[0] ?? {}).sort()).toEqual(['id', 'schemas', 'userName']);
    expect((await acme.call('GET', '/Users?count=0')).body.Resources).toEqual([]);
    expect((await acme.call('GET', '/Users?count=-5&startIndex=-1')).body).toMatchObject({ startIndex: 1, itemsPerPage: 0 });
  });

  it('are there once, however many requests take them in at the same moment', async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => acme.createUser('grace')));
    expect(outcomes.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409]);
    expect(outcomes.find(({ status }) => status === 409)?.body).toMatchObject({ scimType: 'uniqueness', status: '409' });
    expect(await lethe.rows('SELECT 1 FROM account WHERE email_normal = $1', [acme.address('grace')])).toHaveLength(1);
  });

  it('A1: of another domain than the organisation has proven are refused, whoever has the address', async () => {
    const victim = await signUp(lethe.lethe);
    const before = await everything();
    for (const address of [victim.email, 'nobody@unclaimed.test', other.address('eve'), 'no-address', `x@${acme.domain}.evil.test`]) {
      const refused = await acme.call('POST', '/Users', { schemas: [USER], userName: 'name', emails: [{ value: address }] });
      expect(refused.status).toBe(403);
    }
    expect(await everything()).toEqual(before);
  });

  it('A3: of another organisation are not there', async () => {
    const { body } = await acme.createUser('hidden');
    for (const [method, path, sent] of [
      ['GET', `/Users/${body.id}`, undefined],
      ['PUT', `/Users/${body.id}`, { schemas: [USER], userName: other.address('mine') }],
      ['PATCH', `/Users/${body.id}`, { schemas: [PATCH], Operations: [{ op: 'replace', path: 'active', value: false }] }],
      ['DELETE', `/Users/${body.id}`, undefined],
    ] as const) {
      expect((await other.call(method, path, sent)).status).toBe(404);
    }
    expect((await other.call('GET', '/Users')).body.totalResults).toBe(0);
    expect((await other.createGroup('Thieves', [body.id])).body).toMatchObject({ status: '400', scimType: 'invalidValue' });
    expect((await acme.call('GET', `/Users/${body.id}`)).body.active).toBe(true);
  });
});

describe('somebody whom their directory ends', () => {
  it('A1: is out at the next request of a live session, blocked if the account was theirs alone, and back when active again', async () => {
    const { body } = await acme.createUser('leaver');
    const { id } = await account(acme.address('leaver'));
    const browser = await signIn(lethe.lethe, id as never);
    expect((await browser.get(`/organisations/${acme.organisationId}`)).status).toBe(200);
    expect((await acme.patch(`/Users/${body.id}`, { op: 'Replace', path: 'active', value: 'False' })).body.active).toBe(false);
    expect((await browser.get(`/organisations/${acme.organisationId}`)).status).toBe(401);
    expect(await account(acme.address('leaver'))).toMatchObject({ status: 'blocked' });
    await acme.patch(`/Users/${body.id}`, { op: 'replace', value: { active: true } });
    expect(await account(acme.address('leaver'))).toMatchObject({ status: 'active' });
    expect(await memberRole(acme, acme.address('leaver'))).toBe('viewer');
  });

  it('keeps an account that was there before, and the other organisations it belongs to', async () => {
    const person = await signUp(lethe.lethe, { email: acme.address('guest') });
    await lethe.rows(
      `INSERT INTO membership (organisation_id, account_id, role, source, created_at, updated_at) VALUES ($1, $2, 'developer', 'invitation', now(), now())`,
      [other.organisationId, person.accountId],
    );
    const { body } = await acme.createUser('guest');
    expect((await person.browser.get(`/organisations/${acme.organisationId}`)).status).toBe(200);
    expect((await acme.call('DELETE', `/Users/${body.id}`)).status).toBe(204);
    expect((await person.browser.get(`/organisations/${acme.organisationId}`)).status).toBe(404);
    expect((await person.browser.get(`/organisations/${other.organisationId}`)).status).toBe(200);
    expect(await account(acme.address('guest'))).toMatchObject({ status: 'active' });
  });

  it('can be taken in again after they were deleted', async () => {
    const first = await acme.createUser('returner');
    await acme.call('DELETE', `/Users/${first.body.id}`);
    expect((await acme.call('GET', `/Users/${first.body.id}`)).status).toBe(404);
    expect(await account(acme.address('returner'))).toMatchObject({ status: 'blocked' });
    expect((await acme.createUser('returner')).status).toBe(201);
    expect(await account(acme.address('returner'))).toMatchObject({ status: 'active' });
  });

  it('stays blocked by the operator whatever the directory says', async () => {
    const { body } = await acme.createUser('abuser');
    await lethe.rows(`UPDATE account SET status = 'blocked' WHERE email_normal = $1`, [acme.address('abuser')]);
    await acme.patch(`/Users/${body.id}`, { op: 'replace', path: 'active', value: false });
    await acme.patch(`/Users/${body.id}`, { op: 'replace', path: 'active', value: true });
    expect(await account(acme.address('abuser'))).toMatchObject({ status: 'blocked' });
  });

  it('A2: is not ended when they are the last owner', async () => {
    const { body } = await acme.createUser('boss');
    await lethe.rows(
      `UPDATE membership SET role = 'owner' FROM account WHERE account.id = account_id AND organisation_id = $1 AND email_normal = $2`,
      [acme.organisationId, acme.address('boss')],
    );
    const before = await everything();
    expect((await acme.patch(`/Users/${body.id}`, { op: 'replace', path: 'active', value: false })).status).toBe(409);
    expect((await acme.call('DELETE', `/Users/${body.id}`)).status).toBe(409);
    expect(await everything()).toEqual(before);
  });
});

describe('groups of a directory', () => {
  it('A2: give their members the role the organisation has said, and take it back', async () => {
    const [ada, bob] = [await other.createUser('g-ada'), await other.createUser('g-bob')];
    const group = await other.createGroup('Engineers', [ada.body.id]);
    expect(group.body.members).toMatchObject([{ value: ada.body.id, display: other.address('g-ada') }]);
    expect(await other.mapRole(group.body.id, 'developer')).toBe(200);
    expect(await memberRole(other, other.address('g-ada'))).toBe('developer');
    await other.patch(`/Groups/${group.body.id}`, { op: 'add', path: 'members', value: [{ value: bob.body.id }] });
    expect(await memberRole(other, other.address('g-bob'))).toBe('developer');
    const admins = await other.createGroup('Admins', [bob.body.id]);
    await other.mapRole(admins.body.id, 'admin');
    expect(await memberRole(other, other.address('g-bob'))).toBe('admin');
    await other.patch(`/Groups/${admins.body.id}`, { op: 'remove', path: `members[value eq "${bob.body.id}"]` });
    expect(await memberRole(other, other.address('g-bob'))).toBe('developer');
    expect((await other.call('DELETE', `/Groups/${group.body.id}`)).status).toBe(204);
    expect(await memberRole(other, other.address('g-ada'))).toBe('viewer');
    expect(await other.mapRole(admins.body.id, 'owner')).toBe(400);
  });

  it('leave alone what a member is by invitation', async () => {
    const person = await signUp(lethe.lethe, { email: other.address('invited') });
    await lethe.rows(
      `INSERT INTO membership (organisation_id, account_id, role, source, created_at, updated_at) VALUES ($1, $2, 'billing', 'invitation', now(), now())`,
      [other.organisationId, person.accountId],
    );
    const { body } = await other.createUser('invited');
    const group = await other.createGroup('Everyone', [body.id]);
    await other.mapRole(group.body.id, 'admin');
    expect(await memberRole(other, other.address('invited'))).toBe('billing');
  });

  it('are found, replaced and shown without their members when that is asked', async () => {
    const { body } = await acme.createUser('in-group');
    const group = await acme.createGroup('Writers', [body.id]);
    const found = await acme.call('GET', `/Groups?filter=${encodeURIComponent('displayName eq "writers"')}&excludedAttributes=members`);
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id: group.body.id, displayName: 'Writers' }] });
    expect(found.body.Resources[0]).not.toHaveProperty('members');
    expect((await acme.call('GET', `/Groups?filter=${encodeURIComponent(`members.value eq "${body.id}"`)}`)).body.totalResults).toBe(1);
    expect((await acme.createGroup('WRITERS')).body).toMatchObject({ status: '409', scimType: 'uniqueness' });
    const replaced = await acme.call('PUT', `/Groups/${group.body.id}`, { schemas: [GROUP], displayName: 'Authors' });
    expect(replaced.body).toMatchObject({ displayName: 'Authors', members: [] });
    expect((await other.call('GET', `/Groups/${group.body.id}`)).status).toBe(404);
  });
});

describe('what no directory sends', () => {
  it('is a clear 4xx in SCIM form, and nothing has changed', async () => {
    const { body } = await acme.createUser('target');
    const before = await everything();
    const path = `/Users/${body.id}`;
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`;
    const nonsense: [string, string, unknown, number][] = [
      ['POST', '/Users', '{', 400],
      ['POST', '/Users', '[]', 400],
      ['POST', '/Users', 'null', 400],
      ['POST', '/Users', deep, 400],
      ['POST', '/Users', { schemas: [USER], userName: 'a\u0000b' }, 400],
      ['POST', '/Users', { schemas: [USER], userName: '\ud800' }, 400],
      ['POST', '/Users', { schemas: [USER], userName: 'x'.repeat(100_000) }, 400],
      ['POST', '/Users', `{"schemas":["${USER}"],"userName":"${'x'.repeat(2_000_000)}"}`, 413],
      ['PATCH', path, { schemas: [PATCH], Operations: [{ op: 'replace', path: 'active', value: { $ne: 1 } }] }, 400],
      [
        'PATCH',
        path,
        {
          schemas: [PATCH],
          Operations: [
            { op: 'replace', path: 'active', value: false },
            { op: 'replace', path: 'id', value: 'x' },
          ],
        },
        400,
      ],
      ['PATCH', path, { schemas: [PATCH], Operations: [{ op: 'remove', path: 'userName' }] }, 400],
      [
        'PATCH',
        path,
        { schemas: [PATCH], Operations: [{ op: 'replace', path: 'emails', value: [{ value: other.address('stolen') }] }] },
        403,
      ],
      ['PUT', path, { schemas: [USER] }, 400],
      ['GET', '/Users?filter=userName%20xx%20%22a%22', undefined, 400],
      ['GET', `/Users?filter=${encodeURIComponent('('.repeat(900))}`, undefined, 400],
      ['GET', '/Users?filter=a%00', undefined, 400],
      ['GET', '/Users?count=many', undefined, 400],
      ['GET', '/Users/nobody', undefined, 404],
      ['GET', '/Bulk', undefined, 404],
      ['POST', '/Bulk', { schemas: [] }, 404],
      ['DELETE', '/Schemas', undefined, 404],
    ];
    for (const [method, where, sent, status] of nonsense) {
      const answer = await acme.call(method, where, sent);
      expect({ where, sent: JSON.stringify(sent)?.slice(0, 60), status: answer.status }).toMatchObject({ where, status });
      expect(answer.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status) });
    }
    expect(await everything()).toEqual(before);
  });

  it('of another type is refused: JSON and SCIM are taken here, and SCIM is taken nowhere else', async () => {
    const body = JSON.stringify({ schemas: [USER], userName: acme.address('plain-json') });
    expect((await acme.call('POST', '/Users', body, { 'content-type': 'application/json' })).status).toBe(201);
    for (const type of ['application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x']) {
      expect((await acme.call('POST', '/Users', body, { 'content-type': type })).status).toBe(415);
    }
    expect((await acme.call('POST', '/Users', body, { 'content-type': 'text/plain' })).status).toBe(400);
    const elsewhere = await fetch(`${lethe.url}/api/v1/organisations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${lethe.operatorToken}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ slug: 'x', name: 'x' }),
    });
    expect(elsewhere.status).toBe(415);
  });
});

describe('a SCIM token', () => {
  it('opens SCIM for its organisation and nothing else', async () => {
    const scim = `Bearer ${acme.token}`;
    expect((await fetch(`${lethe.url}/api/v1/organisations`, { headers: { authorization: scim } })).status).toBe(401);
    for (const authorization of ['', 'Bearer x', `Bearer ${lethe.operatorToken}`, `Bearer ${acme.token}x`, `Basic ${acme.token}`]) {
      const refused = await acme.call('GET', '/Users', undefined, { authorization });
      expect(refused.status).toBe(401);
      expect(refused.body).toMatchObject({ status: '401' });
    }
    const [kept] = await lethe.rows<{ row: string }>('SELECT scim_token::text AS row FROM scim_token WHERE id = $1', [acme.tokenId]);
    expect(kept?.row).not.toContain(acme.token);
  });

  it('is rotated with overlap, and ends everywhere when it is revoked', async () => {
    const directory = await TestDirectory.of(lethe);
    const tokens = `/organisations/${directory.organisationId}/scim-tokens`;
    const previousValidUntil = new Date(Date.now() + 3_600_000).toISOString();
    const rotated = await lethe.api<{ secret: string; id: string }>('POST', `${tokens}/${directory.tokenId}/rotation`, {
      previousValidUntil,
    });
    expect(rotated.status).toBe(201);
    const next = { authorization: `Bearer ${rotated.body.secret}` };
    expect((await directory.call('GET', '/Users')).status).toBe(200);
    expect((await directory.call('GET', '/Users', undefined, next)).status).toBe(200);
    expect((await lethe.api('DELETE', `${tokens}/${directory.tokenId}`)).status).toBe(204);
    expect((await directory.call('GET', '/Users')).status).toBe(401);
    expect((await directory.call('GET', '/Users', undefined, next)).status).toBe(200);
    const listed = await lethe.api<{ data: { status: string; hint: string }[] }>('GET', tokens);
    expect(listed.body.data.map(({ status }) => status)).toEqual(['revoked', 'active']);
    expect(JSON.stringify(listed.body)).not.toContain(rotated.body.secret);
    expect((await lethe.api('POST', `${tokens}/${directory.tokenId}/rotation`, {})).status).toBe(404);
    const late = new Date(Date.now() + 8 * 86_400_000).toISOString();
    expect((await lethe.api('POST', `${tokens}/${rotated.body.id}/rotation`, { previousValidUntil: late })).status).toBe(400);
  });

  it('gets no longer life by being rotated: one that ends sooner keeps its end, and one that is over is not brought back', async () => {
    const directory = await TestDirectory.of(lethe);
    const tokens = `/organisations/${directory.organisationId}/scim-tokens`;
    const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    const soon = inHours(1);
    const { body: brief } = await lethe.api<{ id: string }>('POST', tokens, { name: 'brief', expiresAt: soon });
    const rotation = `${tokens}/${brief.id}/rotation`;
    expect((await lethe.api('POST', rotation, { previousValidUntil: inHours(48) })).status).toBe(201);
    const expiry = () => lethe.rows<{ expires_at: Date }>('SELECT expires_at FROM scim_token WHERE id = $1', [brief.id]);
    expect((await expiry())[0]?.expires_at.toISOString()).toBe(soon);
    await lethe.rows(`UPDATE scim_token SET expires_at = now() - interval '1 minute' WHERE id = $1`, [brief.id]);
    expect(await lethe.api('POST', rotation, { previousValidUntil: inHours(48) })).toMatchObject({
      status: 404,
      body: { code: 'scim/token_not_found' },
    });
  });

  it('is one of five, however many are made at the same moment', async () => {
    const directory = await TestDirectory.of(lethe);
    const tokens = `/organisations/${directory.organisationId}/scim-tokens`;
    const made = await Promise.all(Array.from({ length: 8 }, (_, index) => lethe.api('POST', tokens, { name: `token ${index}` })));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(made.filter(({ status }) => status === 409)).toHaveLength(4);
  });

  it('is made by who may and has just proven who they are: neither a viewer, nor another organisation', async () => {
    const viewer = await signIn(lethe.lethe, (await account(acme.address('ada'))).id as never);
    const path = `/organisations/${acme.organisationId}/scim-tokens`;
    expect((await viewer.post(path, { name: 'mine' })).status).toBe(403);
    expect((await viewer.get(path)).status).toBe(403);
    const stranger = await signUp(lethe.lethe);
    expect((await stranger.browser.post(path, { name: 'mine' })).status).toBe(404);
    expect((await lethe.api('POST', path, { name: 'x' }, null)).status).toBe(401);
    const promote = `UPDATE membership SET role = 'owner' FROM account WHERE account.id = account_id AND email_normal = $1`;
    await lethe.rows(promote, [acme.address('ada')]);
    expect((await viewer.post(path, { name: 'mine' })).status).toBe(201);
    await lethe.rows(`UPDATE account_session SET proven_at = now() - interval '11 minutes'`);
    expect((await viewer.post(path, { name: 'mine' })).body).toMatchObject({ code: 'http/step_up_required' });
  });
});

it('says of itself what it can do', async () => {
  expect((await acme.call('GET', '/ServiceProviderConfig')).body).toMatchObject({ patch: { supported: true }, bulk: { supported: false } });
  expect((await acme.call('GET', '/ResourceTypes')).body.totalResults).toBe(2);
  expect((await acme.call('GET', '/ResourceTypes/User')).body).toMatchObject({ endpoint: '/Users' });
  expect((await acme.call('GET', `/Schemas/${GROUP}`)).body).toMatchObject({ name: 'Group' });
  expect((await acme.call('GET', '/Schemas')).body.totalResults).toBe(2);
  expect((await acme.call('GET', '/Schemas/x')).status).toBe(404);
});

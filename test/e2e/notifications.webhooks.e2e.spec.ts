import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import { newId, type OrganisationId } from '../../src/kernel/ids.js';
import { DeliverWebhookJob } from '../../src/modules/notifications/jobs/deliver-webhook.job.js';
import { Notices } from '../../src/modules/notifications/notifications.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../src/platform/http/principal.js';
import { NotificationsApp, type ReceivedDelivery, WebhookReceiver } from '../harness/notifications.js';

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly url: string;
}

interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly state: string;
  readonly attempts: number;
  readonly httpStatus: number | null;
  readonly failure: string | null;
}

const HOUR_MS = 3_600_000;
const clock = new ManualClock(Date.now());

let app: NotificationsApp;
let receiver: WebhookReceiver;
let organisation: OrganisationId;
let admin: AccountPrincipal;

beforeAll(async () => {
  app = await NotificationsApp.start({ clock });
  receiver = await WebhookReceiver.start();
});

afterAll(async () => {
  await app?.stop();
  await receiver?.stop();
});

beforeEach(async () => {
  organisation = await app.inner.organisation();
  admin = app.person(new Map([[organisation, 'admin']]));
  receiver.received.length = 0;
  receiver.answers.length = 0;
});

const path = (rest = '', of: string = organisation) => `/organisations/${of}/webhooks${rest}`;

async function make(body: object = {}, url = receiver.url): Promise<Made> {
  const answer = await app.request('POST', path(), { url, ...body }, admin);
  expect(answer.statusCode).toBe(201);
  return answer.json<Made>();
}

function tell(of: OrganisationId = organisation): Promise<void> {
  return app.inner
    .get(UnitOfWork)
    .forOrganisation(of, (tx) => app.inner.get(Notices).tellOrganisation(tx, of, 'key_blocked', { keyId: newId(), reason: 'burst' }));
}

/** What the receiver's own library makes of a delivery: it throws unless the signature holds. */
function verify(secret: string, { body, headers }: ReceivedDelivery): unknown {
  return new Webhook(secret).verify(body, headers);
}

async function deliveries(id: string): Promise<readonly Delivery[]> {
  return (await app.request('GET', path(`/${id}/deliveries`), undefined, admin)).json<{ data: Delivery[] }>().data;
}

async function auditActions(): Promise<string[]> {
  const rows = await app.rows<{ action: string }>('SELECT action FROM audit_event WHERE organisation_id = $1 ORDER BY id', [organisation]);
  return rows.map(({ action }) => action);
}

describe('a webhook', () => {
  it('gets what happened, signed so that the library of Standard Webhooks takes it', async () => {
    const { id, secret } = await make();
    await tell();
    expect(await app.deliver()).toBe(1);
    const [got] = receiver.received as [ReceivedDelivery];
    expect(verify(secret, got)).toMatchObject({ type: 'key.blocked', data: { organisationId: organisation, reason: 'burst' } });
    expect(() => verify(secret, { ...got, body: got.body.replace('burst', 'bursT') })).toThrow();
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered', attempts: 1, httpStatus: 204, failure: null }]);
  });

  it('has a secret that is shown once and lies sealed', async () => {
    const { id, secret } = await make();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    for (const answer of [await app.request('GET', path(), undefined, admin), await app.request('GET', path(`/${id}`), undefined, admin)])
      expect(answer.body).not.toMatch(/secret"|whsec_/);
    const [row] = await app.rows<{ sealed_secret: Buffer }>('SELECT sealed_secret FROM webhook_endpoint WHERE id = $1', [id]);
    expect(row?.sealed_secret.toString('latin1')).not.toContain(secret.slice(6));
    expect(app.inner.lines.join('')).not.toContain(secret);
  });

  it('is told only of what it asked for, and of nothing while it is off', async () => {
    await make({ eventTypes: ['member.removed'] });
    const { id } = await make();
    expect((await app.request('PATCH', path(`/${id}`), { status: 'disabled' }, admin)).statusCode).toBe(200);
    await tell();
    expect(await app.deliver()).toBe(0);
    expect(receiver.received).toEqual([]);
    expect((await app.request('POST', path(`/${id}/test`), undefined, admin)).json()).toMatchObject({
      code: 'notifications/webhook_disabled',
    });
  });

  it('during a change of secret gets both signatures, afterwards the new one alone', async () => {
    const { id, secret: old } = await make();
    const rotated = await app.request('POST', path(`/${id}/rotate-secret`), { overlapHours: 1 }, admin);
    const { secret } = rotated.json<Made>();
    await app.request('POST', path(`/${id}/test`), undefined, admin);
    await app.deliver();
    clock.advance(HOUR_MS + 1);
    await app.request('POST', path(`/${id}/test`), undefined, admin);
    await app.deliver();
    const [during, after] = receiver.received as [ReceivedDelivery, ReceivedDelivery];
    // The library judges time by the machine's clock, which stands still here.
    const atMachineTime = (got: ReceivedDelivery) => ({
      id: got.headers['webhook-id'] ?? '',
      at: new Date(Number(got.headers['webhook-timestamp']) * 1_000),
    });
    for (const [got, good, bad] of [
      [during, [secret, old], []],
      [after, [secret], [old]],
    ] as const) {
      const { id: messageId, at } = atMachineTime(got);
      const signatures = (got.headers['webhook-signature'] ?? '').split(' ');
      for (const key of good) expect(signatures).toContain(new Webhook(key).sign(messageId, at, got.body));
      for (const key of bad) expect(signatures).not.toContain(new Webhook(key).sign(messageId, at, got.body));
    }
  });

  it('that fails is tried again later with the same id and bytes, and its log tells how it went', async () => {
    const { id } = await make();
    receiver.answers.push({ status: 500 }, { status: 302, headers: { location: 'http://169.254.169.254/' } });
    await tell();
    await app.deliver();
    expect(await deliveries(id)).toMatchObject([{ state: 'waiting', attempts: 1, httpStatus: 500 }]);
    expect(await app.deliver()).toBe(0);
    clock.advance(6_000);
    expect(await app.deliver()).toBe(1);
    expect(await deliveries(id)).toMatchObject([{ state: 'waiting', attempts: 2, httpStatus: 302 }]);
    clock.advance(35_000);
    await app.deliver();
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered', attempts: 3, httpStatus: 204 }]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect((await app.request('GET', path(`/${id}`), undefined, admin)).json()).toMatchObject({ failingSince: null });
  });

  it('that takes nothing for a day is switched off, its organisation is told, and what waited is given up', async () => {
    const { id } = await make();
    await tell();
    for (let attempt = 1; attempt <= 11; attempt += 1) {
      receiver.answers.push({ status: 503 });
      expect(await app.deliver()).toBe(1);
      clock.advance(12 * HOUR_MS);
    }
    expect((await app.request('GET', path(`/${id}`), undefined, admin)).json()).toMatchObject({ status: 'disabled' });
    expect(await deliveries(id)).toMatchObject([{ state: 'given_up', attempts: 11 }]);
    const notices = await app.request('GET', `/organisations/${organisation}/notices`, undefined, admin);
    expect(notices.json()).toMatchObject({ data: [{ kind: 'webhook_disabled', values: { webhookId: id } }, { kind: 'key_blocked' }] });
    expect(await auditActions()).toContain('webhook.disabled');
    // Switched on again it starts anew, and what it missed can be replayed.
    await app.request('PATCH', path(`/${id}`), { status: 'active' }, admin);
    const [missed] = await deliveries(id);
    expect((await app.request('POST', path(`/${id}/deliveries/${missed?.id}/replay`), undefined, admin)).statusCode).toBe(202);
    await app.deliver();
    const [replayed] = await deliveries(id);
    expect(replayed).toMatchObject({ state: 'delivered', eventId: missed?.eventId });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    clock.advance(-132 * HOUR_MS);
  });

  it('that answers 410 is switched off at once', async () => {
    const { id } = await make();
    receiver.answers.push({ status: 410 });
    await tell();
    await app.deliver();
    expect((await app.request('GET', path(`/${id}`), undefined, admin)).json()).toMatchObject({ status: 'disabled' });
  });

  it('that answers 410 to many deliveries at once is switched off, and none of them is left undecided', async () => {
    const { id } = await make();
    for (let told = 0; told < 4; told += 1) {
      receiver.answers.push({ status: 410 });
      await tell();
    }
    // Four attempts end at one moment, each about to switch off what the others wait for.
    expect(await app.deliver()).toBe(4);
    expect((await deliveries(id)).map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'given_up'));
    expect((await auditActions()).filter((action) => action === 'webhook.disabled')).toHaveLength(1);
  });

  it('is judged by the address it has, not by one it was moved away from during an attempt', async () => {
    const { id } = await make();
    receiver.answers.push({
      status: 410,
      beforeAnswering: () => app.request('PATCH', path(`/${id}`), { url: `${receiver.url}/new` }, admin),
    });
    await tell();
    await app.deliver();
    expect((await app.request('GET', path(`/${id}`), undefined, admin)).json()).toMatchObject({ status: 'active', failingSince: null });
  });

  it('is tried right after the commit while it works, and by rounds alone while it fails', async () => {
    const { id } = await make();
    const first = async () => {
      await tell();
      const [latest] = await deliveries(id);
      await app.inner.get(DeliverWebhookJob).handle({ deliveryId: latest?.id ?? '' }, AbortSignal.timeout(10_000));
      return (await deliveries(id))[0];
    };
    receiver.answers.push({ status: 204 }, { status: 500 });
    expect(await first()).toMatchObject({ state: 'delivered' });
    expect(await first()).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(await first()).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(await app.deliver()).toBe(1);
    clock.advance(60_000);
    expect(await app.deliver()).toBe(1);
    expect((await deliveries(id)).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it('deleted on the way is not told', async () => {
    const { id } = await make();
    await tell();
    expect((await app.request('DELETE', path(`/${id}`), undefined, admin)).statusCode).toBe(204);
    await app.deliver();
    expect(receiver.received).toEqual([]);
  });

  it('gets nothing of a change that is rolled back', async () => {
    await make();
    const work = app.inner.get(UnitOfWork).forOrganisation(organisation, async (tx) => {
      await app.inner.get(Notices).tellOrganisation(tx, organisation, 'key_blocked', { reason: 'burst' });
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await app.deliver()).toBe(0);
  });

  it('a delivery whose worker died in the middle is made again when its lease is over', async () => {
    const { id } = await make();
    await tell();
    // What a dead worker leaves: a claim and no result.
    await app.rows(`UPDATE webhook_delivery SET next_attempt_at = $2 WHERE endpoint_id = $1`, [id, new Date(clock.nowMs() + 60_000)]);
    expect(await app.deliver()).toBe(0);
    clock.advance(61_000);
    expect(await app.deliver()).toBe(1);
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered' }]);
  });

  it('two workers at once make one attempt', async () => {
    await make();
    await tell();
    await Promise.all([app.deliver(), app.deliver(), app.deliver()]);
    expect(receiver.received).toHaveLength(1);
  });
});

describe('the routes of webhooks', () => {
  it('refuse addresses that lead into private networks, and what is no address', async () => {
    for (const url of [
      'http://169.254.169.254/latest/meta-data/',
      'https://[::ffff:169.254.169.254]/',
      'https://10.0.0.1/',
      'http://example.com/',
      'https://user:password@example.com/',
      'https://example.com/?key=1',
      'file:///etc/passwd',
      'gopher://example.com/',
      'nonsense',
      '',
    ]) {
      const answer = await app.request('POST', path(), { url }, admin);
      expect([url, answer.statusCode]).toEqual([url, 400]);
    }
    expect((await app.request('POST', path(), { url: receiver.url, eventTypes: ['no.such'] }, admin)).statusCode).toBe(400);
    expect((await app.request('POST', path(), { url: receiver.url, secret: 'whsec_mine' }, admin)).statusCode).toBe(400);
    expect((await app.request('PATCH', path(`/${newId()}`), {}, admin)).statusCode).toBe(400);
    expect((await app.request('PATCH', path(`/${newId()}`), { status: 'active' }, admin)).statusCode).toBe(404);
  });

  it('are for owners and admins, and each change has its audit row', async () => {
    for (const role of ['developer', 'viewer', 'billing', 'privacy_officer'] as const) {
      const person = app.person(new Map([[organisation, role]]));
      expect((await app.request('GET', path(), undefined, person)).statusCode).toBe(403);
      expect((await app.request('POST', path(), { url: receiver.url }, person)).statusCode).toBe(403);
    }
    const { id } = await make();
    await app.request('PATCH', path(`/${id}`), { description: 'x' }, admin);
    await app.request('POST', path(`/${id}/rotate-secret`), {}, admin);
    await app.request('POST', path(`/${id}/test`), undefined, admin);
    await app.request('DELETE', path(`/${id}`), undefined, admin);
    expect(await auditActions()).toEqual([
      'webhook.created',
      'webhook.changed',
      'webhook.secret_rotated',
      'webhook.delivery_asked',
      'webhook.deleted',
    ]);
  });

  it("A3: another organisation's webhook is not there to see, change, use or replay from", async () => {
    const { id } = await make();
    await app.request('POST', path(`/${id}/test`), undefined, admin);
    const [delivery] = await deliveries(id);
    const other = await app.inner.organisation();
    const stranger = app.person(new Map([[other, 'owner']]));
    const routes = [
      ['GET', ''],
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/rotate-secret`],
      ['POST', `/${id}/test`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/deliveries/${delivery?.id}/replay`],
    ] as const;
    for (const [method, rest] of routes) {
      const body = method === 'PATCH' ? { status: 'disabled' } : method === 'POST' && rest.endsWith('secret') ? {} : undefined;
      expect([method, rest, (await app.request(method, path(rest), body, stranger)).statusCode]).toEqual([method, rest, 404]);
      if (rest === '') continue;
      expect([method, rest, (await app.request(method, path(rest, other), body, stranger)).statusCode]).toEqual([method, rest, 404]);
    }
    const rows = await app.inner
      .get(UnitOfWork)
      .forOrganisation(other, (tx) =>
        tx.query<unknown[]>(
          'SELECT id FROM webhook_endpoint UNION ALL SELECT id FROM webhook_event UNION ALL SELECT id FROM webhook_delivery',
        ),
      );
    expect(rows).toEqual([]);
    await app.deliver();
  });

  it('let an organisation have twenty, also of thirty that are asked for at once', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => app.request('POST', path(), { url: receiver.url }, admin)));
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(20);
    expect(answers.find(({ statusCode }) => statusCode !== 201)?.json()).toMatchObject({
      status: 409,
      code: 'notifications/webhook_limit',
    });
  });
});

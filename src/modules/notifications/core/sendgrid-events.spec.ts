import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../kernel/ids.js';
import { readSendgridEvents } from './sendgrid-events.js';
import { isSignedBySendgrid, sendgridKey } from './sendgrid-signature.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = sendgridKey(publicKey.export({ format: 'der', type: 'spki' }).toString('base64'));
const nowMs = 1_763_700_000_000;
const timestamp = String(nowMs / 1_000);
const body = Buffer.from('[{"event":"delivered"}]\r\n');
const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('base64');

describe('the signature of SendGrid', () => {
  const check = (given: Partial<{ timestamp: string; signature: string; body: Buffer }>, at = nowMs) =>
    key !== null && isSignedBySendgrid(key, { timestamp, signature, body, ...given }, at);

  it('over the very bytes is taken', () => expect(check({})).toBe(true));

  it.each([
    ['another body', { body: Buffer.from('[{"event":"bounce"}]\r\n') }],
    ['the body without its last line break', { body: body.subarray(0, -2) }],
    ['another moment', { timestamp: String(Number(timestamp) + 1) }],
    ['no signature', { signature: '' }],
    ['nonsense', { signature: 'AAAA' }],
    ['a moment that is no number', { timestamp: 'now' }],
  ])('over %s is refused', (_, given) => expect(check(given)).toBe(false));

  it('that is too old or from the future is refused', () => {
    expect(check({}, nowMs + 601_000)).toBe(false);
    expect(check({}, nowMs - 601_000)).toBe(false);
    expect(check({}, nowMs + 599_000)).toBe(true);
  });

  it('by a key of another curve or kind is not taken for one', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({ format: 'der', type: 'spki' });
    expect(sendgridKey(other.toString('base64'))).toBeNull();
    expect(sendgridKey('AAAA')).toBeNull();
  });
});

describe('an event of SendGrid', () => {
  const mailId = newId();
  const event = (more: object) => [
    { event: 'bounce', timestamp: 1_763_700_000, sg_event_id: 'e1', email: 'a@b.example', 'smtp-id': `<${mailId}@x>`, ...more },
  ];

  it('leaves id, what, when and a class of reason, and no text of anybody', () => {
    const [read] = readSendgridEvents(
      event({ type: 'bounce', reason: '550 a@b.example unknown', bounce_classification: 'Invalid Address' }),
    );
    expect(read).toMatchObject({
      mailId,
      event: 'bounce',
      reason: 'invalid_address',
      suppress: { email: 'a@b.example', reason: 'bounced' },
    });
    expect(JSON.stringify({ ...read, suppress: null })).not.toMatch(/@|550|e1"/);
  });

  it.each([
    [{ type: 'blocked' }, null],
    [{ type: 'bounce' }, 'bounced'],
    [{ event: 'spamreport' }, 'complained'],
    [{ event: 'unsubscribe' }, 'unsubscribed'],
    [{ event: 'dropped', reason: 'Bounced Address' }, 'bounced'],
    [{ event: 'dropped', reason: 'Something new' }, null],
    [{ event: 'delivered' }, null],
  ])('%j suppresses: %s', (more, reason) => expect(readSendgridEvents(event(more))[0]?.suppress?.reason ?? null).toBe(reason));

  it('that would track somebody, or is none, is left out', () => {
    for (const odd of [
      event({ event: 'open' }),
      event({ event: 'click' }),
      event({ timestamp: '1' }),
      event({ sg_event_id: 1 }),
      [null, 3, 'x'],
      {},
      null,
    ])
      expect(readSendgridEvents(odd)).toEqual([]);
    expect(readSendgridEvents(event({ 'smtp-id': '<not-ours@x>' }))[0]?.mailId).toBeNull();
  });
});

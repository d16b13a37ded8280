import { v4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AS_FAILED_INPUT, AS_PAYLOAD, TestContent } from '../../../test/harness/content.js';
import { DAY_MS, ManualClock, utcDay } from '../../kernel/clock.js';
import { type CallId, newId } from '../../kernel/ids.js';

let content: TestContent;
let clock: ManualClock;

beforeAll(async () => {
  clock = new ManualClock(Date.now());
  content = await TestContent.start({ clock });
});
afterAll(() => content?.stop());

const sql = (text: string, values: unknown[] = []) => content.app.owner.query(text, values);
const answerTo = async (id: CallId, organisationId = content.organisationId) => {
  const { status, body } = await content.read(id, organisationId);
  return status === 200 ? 'shown' : `${status} ${body.code}`;
};

describe('of what was taken to be kept and is not there', () => {
  it('nobody is told that it is kept: the database was away for over a minute', async () => {
    await content.kept();
    const before = await content.dropped('not_written');
    await sql('ALTER TABLE call_payload RENAME TO call_payload_away');
    const { id, taken } = content.take();
    expect(taken).toBe(true);
    await content.app.until(() => content.app.lines.some((line) => line.includes('content waits for the database')));
    clock.advance(61_000);
    await content.app.until(async () => (await content.dropped('not_written')) === before + 1);
    await sql('ALTER TABLE call_payload_away RENAME TO call_payload');
    expect(await answerTo(id)).toBe('404 content/not_kept');
    // Neither it nor those that follow are worth less for it.
    expect(await answerTo(await content.kept())).toBe('shown');
  });

  it('nobody is told that it is kept: there was no key for over a minute, or its secrets could not be found', async () => {
    const organisationId = await content.app.organisation();
    const [keys, redaction] = [await content.dropped('no_key'), await content.dropped('not_redacted')];
    content.kms.mode = 'down';
    const keyless = content.take({ organisationId });
    await content.app.until(() => content.app.lines.some((line) => line.includes('content waits for its key')));
    clock.advance(61_000);
    await content.app.until(async () => (await content.dropped('no_key')) === keys + 1);
    content.kms.mode = 'up';
    const unreadable = content.take({ request: Buffer.alloc(20_000_000, 'x'), answer: null }, AS_FAILED_INPUT);
    await content.app.until(async () => (await content.dropped('not_redacted')) === redaction + 1);
    expect([await answerTo(keyless.id, organisationId), await answerTo(unreadable.id)]).toEqual([
      '404 content/not_kept',
      '404 content/not_kept',
    ]);
  });

  it('while it waits the answer is the same, and the content once it is written', async () => {
    const organisationId = await content.app.organisation();
    content.kms.mode = 'down';
    const { id } = content.take({ organisationId });
    expect(await answerTo(id, organisationId)).toBe('404 content/not_kept');
    content.kms.mode = 'up';
    await content.app.until(async () => (await answerTo(id, organisationId)) === 'shown');
  });
});

describe('D2: past its last day', () => {
  it('content is shown to nobody, purged or not, and a call of which nothing was kept gives the same answer', async () => {
    const [id, never] = [await content.kept(), newId<CallId>()];
    const { rows } = await sql('SELECT expires_on::text AS day FROM call_payload WHERE call_id = $1', [id]);
    const day = (rows[0] as { day: string }).day;
    const away = clock.nowMs();
    clock.advance(Date.parse(`${day}T23:59:59.999Z`) - away);
    expect([await answerTo(id), await answerTo(never)]).toEqual(['shown', '404 content/not_kept']);
    clock.advance(1);
    expect(utcDay(clock.nowMs()) > day).toBe(true);
    expect([await content.count(AS_PAYLOAD, id), await answerTo(id)]).toEqual([1, '410 content/expired']);
    const read = await sql(`SELECT FROM audit_event WHERE action = 'content.read' AND target_id = $1`, [id]);
    expect(read.rowCount).toBe(1);
    // A call may have ended a day after its id was made.
    clock.advance(DAY_MS);
    await sql('DELETE FROM call_payload WHERE call_id = $1', [id]);
    expect([await answerTo(id), await answerTo(never)]).toEqual(['410 content/expired', '410 content/expired']);
    expect(await answerTo(v4() as CallId)).toBe('404 content/not_kept');
    clock.advance(away - clock.nowMs());
  });

  it('C4: a destroyed key is named as long as the content would have been there', async () => {
    const organisationId = await content.app.organisation();
    const id = await content.kept({ organisationId });
    expect((await content.app.request('DELETE', `/organisations/${organisationId}/content-keys`)).statusCode).toBe(200);
    expect(await answerTo(id, organisationId)).toBe('410 content/destroyed');
    clock.advance(31 * DAY_MS);
    expect(await answerTo(id, organisationId)).toBe('410 content/expired');
    clock.advance(-31 * DAY_MS);
  });
});

// The tour, step by step. Each step does something a user does, shows what came of it, and throws when that is not as promised.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import type { Installation } from './installation.ts';
import { Person } from './person.ts';

export interface Tour {
  readonly lethe: Installation;
  readonly client: OpenAI;
  /** Tokens of each call so far, as the SDK was told. */
  readonly calls: { readonly stream: boolean; readonly inputTokens: number; readonly outputTokens: number }[];
}

export interface Step {
  readonly title: string;
  run(tour: Tour): Promise<void>;
}

/** The part of a usage record that is shown. */
interface CallRecord {
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly outcome: string;
  readonly provider: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: string | null;
  readonly costState: string;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
}

/** Whom the first call is made for, as the program that makes it knows them. */
const CUSTOMER = 'customer-4711';

const QUESTION = [{ role: 'user' as const, content: 'Name a few things found near a river.' }];

export const STEPS: readonly Step[] = [
  { title: 'A call with the official openai SDK', run: plainCall },
  { title: 'The same call, streamed', run: streamedCall },
  { title: 'What the ledger recorded', run: showLedger },
  { title: 'A person the program calls for is found by name, which is not kept', run: findCustomer },
  { title: 'The provider key is stored sealed, and shown masked', run: showCredential },
  { title: 'A hard budget that leaves no room', run: showBudget },
  { title: 'A call that fails leaves its input, without the secret in it, until its key is destroyed', run: showContent },
  { title: 'Somebody is invited, signs up by mail, and joins the organisation', run: invitePerson },
  { title: 'The audit log', run: showAudit },
  { title: 'The audit log, checked by somebody who does not trust us', run: verifyAudit },
];

async function plainCall({ client, lethe, calls }: Tour): Promise<void> {
  const answer = await client.chat.completions.create({ model: lethe.bootstrap.model, messages: QUESTION, user: CUSTOMER });
  const { usage } = answer;
  ok(usage, 'the answer says what it used');
  say(answer.choices[0]?.message.content ?? '');
  calls.push({ stream: false, inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens });
}

async function streamedCall({ client, lethe, calls }: Tour): Promise<void> {
  const stream = await client.chat.completions.create({
    model: lethe.bootstrap.model,
    messages: QUESTION,
    stream: true,
    stream_options: { include_usage: true },
  });
  let pieces = 0;
  process.stdout.write('    ');
  for await (const chunk of stream) {
    const text = chunk.choices[0]?.delta.content ?? '';
    if (text !== '') pieces += 1;
    process.stdout.write(text);
    if (chunk.usage) calls.push({ stream: true, inputTokens: chunk.usage.prompt_tokens, outputTokens: chunk.usage.completion_tokens });
  }
  process.stdout.write('\n');
  ok(pieces > 1, 'the answer came in pieces');
  strictEqual(calls.length, 2, 'the last piece says what was used');
}

/** U1: the figures of the console are the ones that are billed. */
async function showLedger({ lethe, calls }: Tour): Promise<void> {
  const { data } = await lethe.ask<{ data: CallRecord[] }>('GET', `/usage/requests?organisationId=${lethe.bootstrap.organisationId}`);
  const oldestFirst = data.toReversed();
  for (const call of oldestFirst) {
    const tokens = `${call.inputTokens} in, ${call.outputTokens} out`;
    const first = call.firstTokenMs === null ? '' : `, first token after ${call.firstTokenMs} ms`;
    say(`${call.requestedModel} at ${call.provider}: ${call.outcome}, ${tokens}, $${call.cost}, ${call.latencyMs} ms${first}`);
  }
  const recorded = oldestFirst.map(({ stream, inputTokens, outputTokens }) => ({ stream, inputTokens, outputTokens }));
  deepStrictEqual(recorded, calls, 'the ledger has every call, with the tokens the client was told');
  ok(
    data.every(({ costState }) => costState === 'known'),
    'every cost is known',
  );
}

/** An organisation's own end users: only it knows who they are. */
async function findCustomer({ lethe }: Tour): Promise<void> {
  const found = await lethe.ask<{ id: string; calls: number }>('POST', `/organisations/${lethe.bootstrap.organisationId}/end-users/find`, {
    name: CUSTOMER,
  });
  strictEqual(found.calls, 1);
  const records = await lethe.read(`/usage/requests?endUserId=${found.id}`);
  ok(records.includes(found.id) && !records.includes(CUSTOMER), 'the record has their id and not their name');
  say(`${CUSTOMER}: ${found.calls} call, recorded as made for ${found.id}`);
}

/** K2: the API shows a masked tail only. */
async function showCredential({ lethe }: Tour): Promise<void> {
  const path = `/organisations/${lethe.bootstrap.organisationId}/credentials`;
  const { data } = await lethe.ask<{ data: Record<string, unknown>[] }>('GET', path);
  const [credential] = data;
  ok(credential && !('secret' in credential), 'a credential without its secret');
  say(
    `${String(credential['name'])}: provider ${String(credential['provider'])}, version ${String(credential['version'])}, no secret in sight`,
  );
}

/** U2: a call that could cost more than is left is refused before it goes anywhere. */
async function showBudget({ lethe, client }: Tour): Promise<void> {
  const { organisationId, projectId, model } = lethe.bootstrap;
  const budgets = `/organisations/${organisationId}/budgets`;
  const limit = '0.000001';
  const budget = { scope: 'project', scopeId: projectId, kind: 'hard', period: 'daily', limit };
  const { id } = await lethe.ask<{ id: string }>('POST', budgets, budget);
  const call = (): Promise<unknown> => client.chat.completions.create({ model, messages: QUESTION });
  await sleep(PROPAGATION_MS);
  await rejects(call, (error: unknown) => {
    ok(error instanceof OpenAI.APIError, 'an error the SDK knows');
    strictEqual(error.code, 'insufficient_quota');
    say(`$${limit} a day: ${error.message}`);
    return true;
  });
  await lethe.ask('DELETE', `${budgets}/${id}`);
  await sleep(PROPAGATION_MS);
  await call();
  say('the budget is deleted, and the next call goes through');
}

/** C1, C2, C4: nothing stays of a call that succeeds; of one that fails a redacted copy, sealed under a key of the customer's own. */
async function showContent({ lethe, client }: Tour): Promise<void> {
  const { organisationId, model } = lethe.bootstrap;
  const at = `/organisations/${organisationId}`;
  const { response } = await client.chat.completions.create({ model, messages: QUESTION }).withResponse();
  strictEqual(response.headers.get(RETENTION_HEADER), 'none');
  say('of a call that succeeds is kept: nothing');

  const { data } = await lethe.ask<{ data: { id: string }[] }>('GET', `${at}/credentials`);
  await lethe.ask('POST', `${at}/routes`, { model: FAILING, targets: [{ credentialId: data[0]?.id }] });
  await sleep(PROPAGATION_MS);
  const secret = `sk-${'q7Zk2Lw9'.repeat(6)}`;
  const messages = [{ role: 'user' as const, content: `Why is ${secret} refused?` }];
  const refused = await client.chat.completions.create({ model: FAILING, messages }).catch((error: unknown) => error);
  ok(refused instanceof OpenAI.APIError, 'the call fails');
  say(`of one that fails: ${refused.headers?.get(RETENTION_HEADER) ?? 'nothing'}`);

  const path = `${at}/calls/${refused.requestID ?? ''}/content?purpose=security_review`;
  const kept = await until('the copy is written', () => lethe.ask<{ request: { body: string } }>('GET', path));
  ok(kept.request.body.includes('Why is') && !kept.request.body.includes(secret), 'a copy without the secret');
  say(`the copy: ${kept.request.body.slice(kept.request.body.indexOf('Why is'), -4)}`);

  await lethe.ask('DELETE', `${at}/content-keys`);
  await rejects(lethe.ask('GET', path), /410.*content\/destroyed/);
  say('the key is destroyed: nobody can read the copy any more');
}

const RETENTION_HEADER = 'x-lethe-retention';
const FAILING = 'scenario:status,status=400';

/** What `work` answers, once it does not throw any more. */
async function until<T>(what: string, work: () => Promise<T>, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      ok(performance.now() < deadline, `${what}: ${String(error)}`);
      await sleep(100);
    }
  }
}

/** Every replica has heard of a change by then (K4). */
const PROPAGATION_MS = 1_000;

/** O6: what was changed, by whom, and when. */
async function showAudit({ lethe }: Tour): Promise<void> {
  const { data } = await lethe.ask<{ data: { action: string; actor: { kind: string } }[] }>('GET', '/audit-events?limit=200');
  const all = data.toReversed().map(({ action }) => action);
  const actions = all.filter((action) => action !== RECEIPT);
  ok(actions.length < all.length, 'retention has said what it looked at');
  for (const expected of ['organisation.created', 'api_key.created', 'credential.issued', 'budget.created', 'budget.deleted']) {
    ok(actions.includes(expected), `the audit log has ${expected}: ${actions.join(', ')}`);
  }
  say(`${actions.join(', ')}; and ${all.length - actions.length} receipts of retention`);
}

const RECEIPT = 'retention.purged';

/** A1, A2, A5: a person without a password, let in by two mailed links, may do what their role says and no more. */
async function invitePerson({ lethe }: Tour): Promise<void> {
  const { organisationId } = lethe.bootstrap;
  const kim = new Person(lethe, 'kim@example.com');
  await lethe.ask('POST', `/organisations/${organisationId}/invitations`, { email: kim.email, role: 'viewer' });
  const invitation = await kim.mailedSecret();
  await kim.ask('POST', '/sign-up', { email: kim.email, displayName: 'Kim', isOldEnough: true });
  await kim.ask('POST', '/sign-up/confirm', { token: await kim.mailedSecret() });
  const { role } = await kim.ask<{ role: string }>('POST', '/invitations/accept', { token: invitation });
  strictEqual(role, 'viewer');
  const { data } = await kim.ask<{ data: unknown[] }>('GET', `/usage/requests?organisationId=${organisationId}`);
  say(`a ${role} sees the ${data.length} calls of the organisation`);
  const change = kim.ask('POST', `/organisations/${organisationId}/projects`, { name: 'mine' });
  await rejects(change, /403/);
  say('and may not add a project to it');
}

/** O6: one file without dependencies checks an export offline; what was changed afterwards is found. */
async function verifyAudit({ lethe }: Tour): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-bundle-'));
  try {
    const { keys } = await lethe.ask<{ keys: { verifierKey: string }[] }>('GET', '/audit-log/keys');
    const bundle = await untilLogged(lethe);
    const verify = (text: string): { status: number | null; said: string } => {
      const file = join(folder, 'bundle.json');
      writeFileSync(file, text);
      const run = spawnSync(process.execPath, [VERIFIER, file, '--key', keys[0]?.verifierKey ?? ''], { encoding: 'utf8', cwd: folder });
      return { status: run.status, said: `${run.stdout}${run.stderr}`.trim() };
    };
    const genuine = verify(bundle);
    strictEqual(genuine.status, 0, genuine.said);
    say(genuine.said);
    const forged = verify(bundle.replace('budget.deleted', 'budget.changed'));
    strictEqual(forged.status, 1, 'a changed event is refused');
    say(`with one event changed: ${forged.said}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The export, once the log has taken in what was done last; a worker does that every few seconds. */
function untilLogged(lethe: Installation): Promise<string> {
  const logged = async (): Promise<string> => {
    const bundle = await lethe.read('/audit-log/bundle');
    ok(bundle.includes('budget.deleted'), 'the log has not come so far');
    return bundle;
  };
  return until('the audit log takes in what was done', logged, 30_000);
}

const VERIFIER = fileURLToPath(new URL('../../verify/lethe-verify.mjs', import.meta.url));

function say(text: string): void {
  console.log(`    ${text}`);
}

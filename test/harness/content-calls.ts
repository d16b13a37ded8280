// Clients whose words are looked for afterwards: in what was kept, and as plain text wherever bytes can lie.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, ClusterTenant } from './cluster.ts';

/** In every call of this process: what was said in the clear stands wherever this does. */
const SPOKEN = `spoken${randomBytes(12).toString('hex')}`;

/** Readings at a time: each waits for its row of the audit log. */
const READERS = 16;
/** Of a client between two calls. */
const PAUSE_MS = 40;

/** A call whose whole answer came. */
export interface SaidCall {
  readonly body: string;
  readonly answer: string;
  readonly replica: string;
  readonly endedMs: number;
  /** `x-lethe-retention`. */
  readonly promised: string;
}

/** A request of about so many characters that no other call has. */
function words(characters: number): string {
  const from = randomBytes(4).readUInt32LE();
  const lines = Array.from(
    { length: Math.ceil(characters / 48) },
    (_, line) => `${SPOKEN} ${((from + line) * 2_654_435_761).toString(36)}`,
  );
  return JSON.stringify({
    model: 'scenario:echo',
    max_tokens: 20,
    messages: [{ role: 'user', content: lines.join(' ').slice(0, characters) }],
  });
}

/** Null when the connection broke or the answer is no success. */
export async function say(replica: string, { key }: ClusterTenant, characters: number): Promise<SaidCall | null> {
  const body = words(characters);
  try {
    const answer = await fetch(`${replica}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    });
    const text = await answer.text();
    if (answer.status !== 200) return null;
    return { body, answer: text, replica, endedMs: performance.now(), promised: answer.headers.get('x-lethe-retention') ?? '' };
  } catch {
    return null;
  }
}

/** So many clients that say something all the time, every third time at length; answers a stop that gives all that was said. */
export function keepSaying(cluster: Cluster, tenant: ClusterTenant, options: { clients: number; long: number }): () => Promise<SaidCall[]> {
  const said: SaidCall[] = [];
  let isOver = false;
  const clients = Array.from({ length: options.clients }, async (_, client) => {
    for (let turn = client; !isOver; turn += 1) {
      const open = cluster.addresses();
      const replica = open[turn % open.length];
      const call = replica === undefined ? null : await say(replica, tenant, turn % 3 === 0 ? options.long : 900);
      if (call) said.push(call);
      await sleep(PAUSE_MS);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(clients);
    return said;
  };
}

/** Body → what the API shows of the call it was kept of, for everything that is kept of an organisation. `known` is not read again. */
export async function keptBodies(
  cluster: Cluster,
  { organisationId }: ClusterTenant,
  known: ReadonlyMap<string, KeptCall> = new Map(),
): Promise<Map<string, KeptCall>> {
  const rows = await cluster.rows<{ id: string }>(
    'SELECT call_id AS id FROM call_payload WHERE organisation_id = $1 UNION ALL SELECT call_id FROM call_failed_input WHERE organisation_id = $1',
    [organisationId],
  );
  const found = new Map(known);
  const have = new Set([...known.values()].map(({ callId }) => callId));
  const left = rows.filter(({ id }) => !have.has(id));
  for (let at = 0; at < left.length; at += READERS) {
    const read = left
      .slice(at, at + READERS)
      .map(({ id }) => cluster.ask<KeptCall>('GET', `/organisations/${organisationId}/calls/${id}/content?purpose=security_review`));
    for (const kept of await Promise.all(read)) found.set(kept.request.body, kept);
  }
  return found;
}

export interface KeptCall {
  readonly callId: string;
  readonly store: string;
  readonly keyVersion: number;
  readonly request: { readonly body: string; readonly cut: boolean };
  readonly answer: { readonly body: string; readonly cut: boolean } | null;
}

/** Files below these folders in which what was said stands as it was said, in hexadecimal or in base64. */
export function plainlyIn(...folders: readonly string[]): string[] {
  const shapes = [SPOKEN, Buffer.from(SPOKEN).toString('hex'), ...[0, 1, 2].map((shift) => base64Of(shift))];
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => {
        const bytes = readFileSync(path);
        return shapes.some((shape) => bytes.includes(shape));
      }),
  );
}

/** The middle of it as base64 has it behind so many other bytes. */
function base64Of(shift: number): string {
  return Buffer.from('_'.repeat(shift) + SPOKEN)
    .toString('base64')
    .slice(4, -4);
}

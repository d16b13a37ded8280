import type { CanaryInstance } from '../instance/canary-instance.js';
import { MODELS } from '../instance/outside-world.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { KeptContent } from './kept-content.js';
import { OperatorApi } from './operator-api.js';
import type { PlantedOrganisation } from './plant-organisation.js';
import { neverKept, type PlantedWord } from './planted-word.js';

const GRANT_HOURS = 24;
const HEARD_MS = 2_000;
/** What the gateway says of a call of which nothing is kept. */
const NOTHING = 'none';

/**
 * Opens a troubleshooting grant for one key of an organisation that keeps no payloads, makes a call while it is open and one after it was closed:
 * what was said in the first is kept for the grant's window, and nothing of the second (C5).
 */
export async function plantGrant(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedWord[]> {
  const grant = new Grant(instance, book, organisation);
  const close = await grant.open();
  await grant.say(UNDER);
  await close();
  await grant.say(AFTER);
  return grant.words();
}

const UNDER = 'prompt under a grant';
const AFTER = 'prompt after a grant';
const TICKET = 'ticket of a grant';

class Grant {
  private readonly api: OperatorApi;
  private readonly at: string;
  private content: KeptContent | undefined;
  private key = '';

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
    private readonly organisation: PlantedOrganisation,
  ) {
    this.api = new OperatorApi(instance.lethe.url, instance.operatorToken);
    this.at = `/api/v1/organisations/${organisation.id}`;
  }

  /** Answers what closes it. Both have been heard of by the gateway when they are done. */
  async open(): Promise<() => Promise<void>> {
    const name = this.word('name of a key under a grant');
    const scopes = ['inference:invoke'];
    const key = await this.api.ask<{ id: string; secret: string }>('POST', `${this.at}/keys`, {
      name,
      projectId: this.organisation.projectId,
      scopes,
    });
    this.key = key.secret;
    this.content = new KeptContent(this.api, { id: this.organisation.id, keyId: key.id }, () => this.instance.clock.day);
    this.book.secret(this.place('API key under a grant'), key.secret);
    const grant = { scope: 'key', scopeId: key.id, reason: 'integration', ticket: this.word(TICKET), hours: GRANT_HOURS };
    const { id } = await this.api.ask<{ id: string }>('POST', `${this.at}/troubleshooting-grants`, grant);
    // A fresh key and its grant reach the gateway's memory a moment after they were made.
    await this.instance.until('a call is kept under the grant', async () => !['', NOTHING].includes(await this.retention()));
    return async () => {
      await this.api.ask('DELETE', `${this.at}/troubleshooting-grants/${id}`);
      await this.heardOf();
    };
  }

  async say(kind: string): Promise<void> {
    await (await this.send(this.word(kind))).text();
  }

  words(): PlantedWord[] {
    const { grantDays } = this.instance.profile.content;
    const said = (kind: string): PlantedWord => ({
      ...neverKept(this.place(kind), kind, 'payload', ['provider']),
      isPresent: async () => (await this.content?.holds(this.word(kind))) === true,
    });
    const setUp = (kind: string, shownAt: string): PlantedWord => ({
      place: this.place(kind),
      kind,
      dataClass: 'configuration',
      mayBeIn: ['database', 'mail', 'webhooks'],
      presentThroughDay: Infinity,
      goneFromDay: Infinity,
      isPresent: async () => (await this.api.text(this.at + shownAt)).includes(this.word(kind)),
    });
    return [
      { ...said(UNDER), presentThroughDay: grantDays, goneFromDay: grantDays + 1 },
      said(AFTER),
      setUp('name of a key under a grant', '/keys'),
      setUp(TICKET, '/troubleshooting-grants'),
      neverKept(this.place('API key under a grant'), 'API key', 'secret'),
    ];
  }

  /** The end of a grant is heard of well within a second. Whoever has not heard by then keeps what must not be kept. */
  private async heardOf(): Promise<void> {
    const deadline = performance.now() + HEARD_MS;
    while ((await this.retention()) !== NOTHING && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** What the gateway says it keeps of a call; empty for one that it refuses. */
  private async retention(): Promise<string> {
    const answer = await this.send('hello');
    await answer.arrayBuffer();
    return answer.headers.get('x-lethe-retention') ?? '';
  }

  private send(content: string): Promise<Response> {
    return fetch(`${this.instance.lethe.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODELS.answers, messages: [{ role: 'user', content }] }),
    });
  }

  private word(kind: string): string {
    return this.book.word(this.place(kind));
  }

  private place(kind: string): string {
    return `${kind} (${this.organisation.label})`;
  }
}

import type { WindowedClass } from '../../../contracts/data-classes.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import { MODELS } from '../instance/outside-world.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { OperatorApi } from './operator-api.js';
import type { PlantedOrganisation } from './plant-organisation.js';
import { neverKept, type PlantedWord } from './planted-word.js';

const IMAGE_HEAD = Buffer.from('89504e470d0a1a0a', 'hex');
/** Longer than any page: a word now and then in it cannot fall between two. */
const LONG_REPEATS = 40;
const LONG_FILLER = ' and some words that nobody is looking for'.repeat(5);

/** Makes calls of every kind with a word in every part of them, and answers what may become of each. */
export async function plantCalls(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedWord[]> {
  const calls = new Calls(instance, book, organisation);
  const { answers, callsTool, refuses, breaks } = MODELS;
  await calls.ready();
  for (const model of [answers, callsTool]) for (const stream of [false, true]) await calls.make({ model, stream });
  await calls.make({ model: `${answers}-${calls.word('model asked for')}`, stream: false });
  await calls.make({ model: breaks, stream: true });
  await calls.make({ model: refuses, stream: false });
  await calls.bad();
  return calls.words();
}

/** The calls of one organisation. */
class Calls {
  private readonly kinds = new Set<string>();
  private readonly api: OperatorApi;

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
    private readonly organisation: PlantedOrganisation,
  ) {
    this.api = new OperatorApi(instance.lethe.url, instance.operatorToken);
  }

  word(kind: string): string {
    return this.book.word(`${kind} (${this.organisation.plan})`);
  }

  /** A word of what is said in a call. */
  private said(kind: string): string {
    this.kinds.add(kind);
    return this.word(kind);
  }

  /** A fresh key reaches the gateway's memory a moment after it was made. */
  async ready(): Promise<void> {
    await this.instance.until('the key and its route work', async () => {
      const response = await fetch(`${this.instance.lethe.url}/v1/models`, {
        headers: { authorization: `Bearer ${this.organisation.key}` },
      });
      await response.arrayBuffer();
      const answer = response.ok ? await this.send({ model: MODELS.answers, messages: [{ role: 'user', content: 'hello' }] }) : response;
      return answer.ok;
    });
  }

  async make({ model, stream }: { readonly model: string; readonly stream: boolean }): Promise<void> {
    const response = await this.send({ ...this.body(), model, stream });
    // A stream that breaks off rejects here, as it should for its client.
    await response.text().catch(() => '');
  }

  /** What never becomes a call. */
  async bad(): Promise<void> {
    await (await this.post('/v1/chat/completions', `{"messages":"${this.said('broken body')}`)).text();
    await (
      await this.send({ ...this.body(), model: 5, messages: [{ role: 'user', content: { [this.said('wrong content')]: 1 } }] })
    ).text();
    await (await this.post(`/v1/${this.said('address asked for')}?q=${this.said('query')}`, '{}')).text();
    const stranger = { ...this.headers(), authorization: `Bearer lethe_sk_${this.said('wrong key')}` };
    await (await fetch(`${this.instance.lethe.url}/v1/chat/completions`, { method: 'POST', headers: stranger, body: '{}' })).text();
  }

  words(): PlantedWord[] {
    const { plan } = this.organisation;
    const metadata = (kind: string): PlantedWord => ({
      place: `${kind} (${plan})`,
      kind,
      dataClass: 'request_metadata',
      mayBeIn: ['database', 'telemetry', 'provider'],
      presentThroughDay: this.days('request_metadata'),
      goneFromDay: this.days('request_metadata') + 1,
      isPresent: async () => (await this.api.text(this.recordsPath)).includes(this.word(kind)),
    });
    return [
      ...[...this.kinds].map((kind) => neverKept(`${kind} (${plan})`, kind, 'payload', ['provider'])),
      neverKept(`address (${plan})`, 'address', 'network_trace'),
      ...['client request id', 'model asked for'].map(metadata),
    ];
  }

  private get recordsPath(): string {
    return `/api/v1/usage/requests?organisationId=${this.organisation.id}&limit=100`;
  }

  private days(dataClass: WindowedClass): number {
    return this.instance.lethe.get(RetentionWindows).days(dataClass, this.organisation.id as OrganisationId);
  }

  private headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.organisation.key}`,
      'content-type': 'application/json',
      cookie: `session=${this.said('cookie')}`,
      'user-agent': this.said('user agent'),
      'x-custom': this.said('custom header'),
      'x-forwarded-for': this.book.address(`address (${this.organisation.plan})`),
      'x-client-request-id': this.word('client request id'),
    };
  }

  private send(body: object): Promise<Response> {
    return this.post('/v1/chat/completions', JSON.stringify(body));
  }

  private post(path: string, body: string): Promise<Response> {
    return fetch(this.instance.lethe.url + path, { method: 'POST', headers: this.headers(), body });
  }

  private body(): Record<string, unknown> {
    const image = Buffer.concat([IMAGE_HEAD, Buffer.from(this.said('image'))]).toString('base64');
    const call = { name: 'look_up', arguments: JSON.stringify({ q: this.said('tool arguments') }) };
    const properties = { [this.said('tool parameter')]: { type: 'string' } };
    return {
      messages: [
        { role: 'system', content: `You are ${this.said('system prompt')}.` },
        {
          role: 'user',
          name: this.said('participant'),
          content: [
            { type: 'text', text: `${this.said('prompt')}${LONG_FILLER}`.repeat(LONG_REPEATS) },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
          ],
        },
        { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: call }] },
        { role: 'tool', tool_call_id: 'call_1', content: this.said('tool result') },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'look_up', description: this.said('tool description'), parameters: { type: 'object', properties } },
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { title: this.said('answer schema') } } },
      metadata: { note: this.said('metadata field') },
      user: this.said('end user'),
      stop: [this.said('stop sequence')],
      [this.said('unknown field')]: this.said('unknown value'),
      max_tokens: 12,
    };
  }
}

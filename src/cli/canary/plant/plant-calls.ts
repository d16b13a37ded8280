import type { WindowedClass } from '../../../contracts/data-classes.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { DAY_MS } from '../../../kernel/clock.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import { MODELS } from '../instance/outside-world.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { OperatorApi } from './operator-api.js';
import { callBody } from './call-body.js';
import { KeptContent } from './kept-content.js';
import { DELETION_DAY, GONE_AFTER_DELETION, type PlantedOrganisation } from './plant-organisation.js';
import { neverKept, type PlantedWord } from './planted-word.js';

/** Makes calls of every kind with a word in every part of them, and answers what may become of each. */
export async function plantCalls(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedWord[]> {
  const calls = new Calls(instance, book, organisation);
  const { answers, callsTool, refuses, breaks } = MODELS;
  await calls.ready();
  for (const model of [answers, callsTool]) for (const stream of [false, true]) await calls.make({ model, stream });
  await calls.make({ model: `${answers}-${calls.word('model asked for')}`, stream: false });
  await calls.failed(breaks, true);
  await calls.failed(refuses, false);
  await calls.unkept(answers);
  await calls.bad();
  return calls.words();
}

/** What is to be kept of a kind of word: never anything, with the payloads, or with the inputs of failed calls. */
type Keeping = 'never' | 'payload' | 'failed_input';

/** The calls of one organisation. */
class Calls {
  /** Kinds of words of what was said, in the order they were first said. */
  private readonly kinds = new Map<string, Keeping>();
  private readonly api: OperatorApi;
  private readonly content: KeptContent;

  constructor(
    private readonly instance: CanaryInstance,
    private readonly book: CanaryBook,
    private readonly organisation: PlantedOrganisation,
  ) {
    this.api = new OperatorApi(instance.lethe.url, instance.operatorToken);
    this.content = new KeptContent(this.api, organisation, () => instance.clock.day);
  }

  word(kind: string): string {
    return this.book.word(`${kind} (${this.organisation.label})`);
  }

  private said(kind: string, keeping: Keeping = 'never'): string {
    this.kinds.set(kind, keeping);
    return this.word(kind);
  }

  /** A fresh key reaches the gateway's memory a moment after it was made. */
  async ready(): Promise<void> {
    await this.instance.until('the key and its route work', async () => {
      const response = await fetch(`${this.instance.lethe.url}/v1/models`, {
        headers: { authorization: `Bearer ${this.organisation.key}` },
      });
      await response.arrayBuffer();
      if (!response.ok) return false;
      const answer = await this.send({ model: MODELS.answers, messages: [{ role: 'user', content: 'hello' }] });
      await answer.arrayBuffer();
      return answer.ok;
    });
  }

  async make({ model, stream }: { readonly model: string; readonly stream: boolean }): Promise<void> {
    await (await this.send({ ...callBody((kind) => this.said(kind, 'payload')), model, stream })).text();
  }

  /** A call that fails at the provider, with a credential in it that is taken out of what is kept, where the profile says so (C2). */
  async failed(model: string, stream: boolean): Promise<void> {
    const isRedacted = this.instance.profile.content.failedInputs === 'redacted';
    const secret = `api_key=sk-proj-${this.said('credential in a failed input', isRedacted ? 'never' : 'failed_input')}`;
    const content = `This did not work: ${this.said('failed input', 'failed_input')}, with ${secret} in the environment.`;
    const response = await this.send({ model, stream, messages: [{ role: 'user', content }] });
    // A stream that breaks off rejects here, as it should for its client.
    await response.text().catch(() => '');
  }

  /** A call whose client asks that nothing be kept of it (C6). */
  async unkept(model: string): Promise<void> {
    const body = { model, messages: [{ role: 'user', content: this.said('prompt that opted out') }] };
    await (await this.send(body, { 'x-lethe-retention': 'none' })).text();
  }

  /** What never becomes a call. */
  async bad(): Promise<void> {
    await (await this.post('/v1/chat/completions', `{"messages":"${this.said('broken body')}`)).text();
    const wrong = { model: 5, messages: [{ role: 'user', content: { [this.said('wrong content')]: 1 } }] };
    await (await this.send(wrong)).text();
    await (await this.post(`/v1/${this.said('address asked for')}?q=${this.said('query')}`, '{}')).text();
    const stranger = { authorization: `Bearer lethe_sk_${this.said('wrong key')}` };
    await (await this.post('/v1/chat/completions', '{}', stranger)).text();
  }

  words(): PlantedWord[] {
    const place = (kind: string): string => `${kind} (${this.organisation.label})`;
    const days = this.days('request_metadata');
    const metadata = (kind: string): PlantedWord => ({
      place: place(kind),
      kind,
      dataClass: 'request_metadata',
      mayBeIn: ['database', 'telemetry', 'provider'],
      presentThroughDay: days,
      goneFromDay: days + 1,
      isPresent: async () => (await this.api.text(`${this.recordsPath}`)).includes(this.word(kind)),
    });
    for (const kind of ['output', 'output tool call']) this.kinds.set(kind, 'payload');
    return [
      ...[...this.kinds].map(([kind, keeping]) => this.spoken(place(kind), kind, keeping)),
      neverKept(place('address'), 'address', 'network_trace'),
      metadata('client request id'),
      this.summed(place('model asked for'), 'model asked for'),
    ];
  }

  /** What calls are summed by stays in the sums when the records of the calls are gone. */
  private summed(place: string, kind: string): PlantedWord {
    const days = this.days('usage_aggregate');
    return {
      place,
      kind,
      dataClass: 'usage_aggregate',
      alsoIn: ['request_metadata'],
      mayBeIn: ['database', 'telemetry', 'provider'],
      presentThroughDay: days,
      goneFromDay: Math.max(days, this.days('request_metadata')) + 1,
      isPresent: async () => (await this.api.text(this.seriesPath)).includes(this.word(kind)),
    };
  }

  /** In the clear it is nowhere but with the provider, kept or not; who may read what is kept finds it through its last day (C4). */
  private spoken(place: string, kind: string, keeping: Keeping): PlantedWord {
    const dataClass = keeping === 'failed_input' ? 'failed_input' : 'payload';
    const days = keeping === 'never' ? 0 : this.days(dataClass);
    const never = neverKept(place, kind, dataClass, ['provider']);
    const isPresent = (): Promise<boolean> => this.content.holds(kind.startsWith('output') ? this.book.word(kind) : this.word(kind));
    if (days === 0) return { ...never, isPresent };
    const { losesKey } = this.organisation;
    return {
      ...never,
      presentThroughDay: losesKey ? DELETION_DAY - 1 : days,
      goneFromDay: losesKey ? GONE_AFTER_DELETION : days + 1,
      isPresent,
    };
  }

  private get recordsPath(): string {
    return `/api/v1/usage/requests?organisationId=${this.organisation.id}&limit=100`;
  }

  private get seriesPath(): string {
    const [from, to] = [0, 1].map((day) => new Date(this.instance.clock.beganMs + day * DAY_MS).toISOString());
    return `/api/v1/usage/timeseries?organisationId=${this.organisation.id}&groupBy=model&from=${from}&to=${to}`;
  }

  private days(dataClass: WindowedClass): number {
    return this.instance.lethe.get(RetentionWindows).days(dataClass, this.organisation.id as OrganisationId);
  }

  private send(body: object, headers?: Readonly<Record<string, string>>): Promise<Response> {
    return this.post('/v1/chat/completions', JSON.stringify(body), headers);
  }

  private post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const own = {
      authorization: `Bearer ${this.organisation.key}`,
      'content-type': 'application/json',
      cookie: `session=${this.said('cookie')}`,
      'user-agent': this.said('user agent'),
      'x-custom': this.said('custom header'),
      'x-forwarded-for': this.book.address(`address (${this.organisation.label})`),
      'x-client-request-id': this.word('client request id'),
    };
    return fetch(this.instance.lethe.url + path, { method: 'POST', headers: { ...own, ...headers }, body });
  }
}

import type { OperatorApi } from './operator-api.js';

interface CallList {
  readonly data: readonly { readonly id: string }[];
}

interface Part {
  readonly encoding: 'utf8' | 'base64';
  readonly body: string;
}

interface Kept {
  readonly request?: Part | null;
  readonly answer?: Part | null;
}

/** What Lethe shows of an organisation's calls to somebody who names a purpose (C7). The calls are those there are when it is first asked. */
export class KeptContent {
  private calls: readonly string[] | undefined;
  private readonly shown = new Map<string, string>();
  private shownOnDay = -1;

  constructor(
    private readonly api: OperatorApi,
    /** Whose calls, and made with which key. */
    private readonly calling: { readonly id: string; readonly keyId: string },
    /** Days since planting. */
    private readonly today: () => number,
  ) {}

  async holds(word: string): Promise<boolean> {
    if (this.shownOnDay !== this.today()) await this.read();
    // An image lies in the request as base64, at the beginning of a group.
    const looks = [
      word,
      Buffer.from(`x${word}x`).toString('base64').slice(4, -4),
      Buffer.from(word).toString('base64').slice(0, -4),
      Buffer.from(`xx${word}x`).toString('base64').slice(4, -4),
    ];
    return [...this.shown.values()].some((text) => looks.some((look) => text.includes(look)));
  }

  /** Everything there is to be read, once a day. */
  private async read(): Promise<void> {
    const records = `/api/v1/usage/requests?organisationId=${this.calling.id}&keyId=${this.calling.keyId}&limit=100`;
    this.calls ??= (await this.api.ask<CallList>('GET', records)).data.map(({ id }) => id);
    this.shown.clear();
    for (const id of this.calls) {
      const text = await this.api.text(`/api/v1/organisations/${this.calling.id}/calls/${id}/content?purpose=security_review`);
      const { request, answer } = JSON.parse(text) as Kept;
      this.shown.set(
        id,
        [request, answer].map((part) => (part ? Buffer.from(part.body, part.encoding).toString('latin1') : '')).join('\n'),
      );
    }
    this.shownOnDay = this.today();
  }
}

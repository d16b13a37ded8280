import type { ProviderName } from '../../credentials/credentials.contract.js';

/** What the gateway has to know of a provider to call it. Nearly data: a new provider is a new constant. */
export interface Provider {
  readonly name: ProviderName;
  /** Base URL up to and including the version, no trailing slash. Null: every credential brings its own. */
  readonly baseUrl: string | null;
  /** Its `gen_ai.provider.name` and its id in the price catalogue; null where the catalogue has none. */
  readonly catalogueId: string | null;
  readonly chatPath: string;
  /** Headers that carry the credential. */
  authorise(secret: string): Readonly<Record<string, string>>;
  /** Whether it takes `store: false` in the body (C8). An unknown member could be refused by others. */
  readonly takesNoStore: boolean;
}

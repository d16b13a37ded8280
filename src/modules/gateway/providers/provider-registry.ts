import type { ProviderName } from '../../credentials/credentials.contract.js';
import { openai, openaiCompatible } from './openai.js';
import type { Provider } from './provider.js';

/** The providers this process can call. */
export class ProviderRegistry {
  private readonly providers: ReadonlyMap<ProviderName, Provider>;

  /** `standInUrl` says where the upstream stand-in of development listens; undefined while there is none. */
  constructor(standInUrl: () => string | undefined) {
    const standIn: Provider = {
      ...openaiCompatible,
      name: 'stand_in',
      catalogueId: 'stand_in',
      get baseUrl() {
        return standInUrl() ?? null;
      },
    };
    this.providers = new Map([openai, openaiCompatible, standIn].map((provider) => [provider.name, provider]));
  }

  find(name: ProviderName): Provider | null {
    return this.providers.get(name) ?? null;
  }
}

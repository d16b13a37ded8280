import type { Settings } from '../../platform/config/settings.js';
import { type BootstrapRecord, bootstrapPath } from './bootstrap-file.js';
import type { DemoOrganisation } from './demo-organisation.js';

/** What the first run prints, once: everything a newcomer needs for a first call, to be pasted as it stands. */
export function welcome(settings: Settings, record: BootstrapRecord, provider: DemoOrganisation['provider']): string {
  const { url, apiKey, operatorToken, organisationId } = record;
  const upstream =
    provider === 'openai'
      ? 'OpenAI, with the key from OPENAI_API_KEY'
      : 'the stand-in that comes with Lethe; with OPENAI_API_KEY set, a first run uses OpenAI';
  return `
  Lethe is set up. The secrets below are shown this once; in development they are also in ${bootstrapPath(settings)}.

    API key          ${apiKey}
    Operator token   ${operatorToken}
    Organisation     demo (${organisationId}), project default
    Upstream         ${upstream}
    API reference    ${url}/docs

  A first call:

    ${firstCall(record)}

  What the ledger recorded:

    curl '${url}/api/v1/usage/requests?organisationId=${organisationId}' -H 'authorization: Bearer ${operatorToken}'
`;
}

/** A streamed call. `-N` shows the tokens as they come. */
function firstCall({ url, apiKey, model }: BootstrapRecord): string {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Say hello.' }] });
  return [
    `curl -N ${url}/v1/chat/completions`,
    `-H 'authorization: Bearer ${apiKey}'`,
    `-H 'content-type: application/json'`,
    `-d '${body}'`,
  ].join(' \\\n      ');
}

import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { OperatorApi } from './operator-api.js';
import { neverKept, type PlantedWord } from './planted-word.js';

/** An organisation of one plan, from which calls can be made. */
export interface PlantedOrganisation {
  readonly id: string;
  /** Stands in the names of its words. */
  readonly label: string;
  /** Its content key is destroyed on {@link DELETION_DAY}, and with it all its content (C4). */
  readonly losesKey: boolean;
  /** A secret of its API key. */
  readonly key: string;
  readonly words: readonly PlantedWord[];
  /** Deletes what an organisation can delete of its set-up. */
  readonly takeDown: () => Promise<void>;
}

/** On the day after the beginning things are deleted; what of them was to go at once has gone with the next round, a day later at most (D2). */
export const DELETION_DAY = 1;
export const GONE_AFTER_DELETION = DELETION_DAY + 1;

/**
 * An organisation with a word in every field it can write of its set-up, and every secret it is given. Half of its things are deleted on
 * {@link DELETION_DAY}.
 */
export async function plantOrganisation(
  instance: CanaryInstance,
  book: CanaryBook,
  { plan, losesKey }: { readonly plan: string; readonly losesKey: boolean },
): Promise<PlantedOrganisation> {
  const label = losesKey ? `${plan}, key destroyed` : plan;
  const api = new OperatorApi(instance.lethe.url, instance.operatorToken);
  const named = (kind: string): string => book.word(`${kind} (${label})`);
  const words: PlantedWord[] = [];
  const created = { slug: named('organisation slug'), name: named('organisation name') };
  const { id } = await api.ask<{ id: string }>('POST', '/api/v1/organisations', created);
  const at = `/api/v1/organisations/${id}`;
  if (plan !== instance.profile.plans[0]) await api.ask('PUT', `/admin/v1/organisations/${id}/plan`, { plan });
  const make = <T extends { id: string }>(path: string, body: object): Promise<T> => api.ask<T>('POST', `${at}${path}`, body);

  const configured = (kind: string, path: string, isDeleted = false, goesTo: readonly ('mail' | 'webhooks')[] = []): void =>
    void words.push({
      place: `${kind} (${label})`,
      kind,
      dataClass: 'configuration',
      mayBeIn: ['database', ...goesTo],
      presentThroughDay: isDeleted ? 0 : Infinity,
      goneFromDay: isDeleted ? GONE_AFTER_DELETION : Infinity,
      isPresent: async () => (await api.text(path)).includes(named(kind)),
    });
  const secret = (kind: string, value: string, goesTo: readonly ('provider' | 'webhooks')[] = []): void => {
    book.secret(`${kind} (${label})`, value);
    words.push(neverKept(`${kind} (${label})`, kind, 'secret', goesTo));
  };

  configured('organisation slug', at, false, ['mail']);
  configured('organisation name', at, false, ['mail', 'webhooks']);
  const project = await make('/projects', { name: named('project name') });
  configured('project name', `${at}/projects`);
  const credential = await make('/credentials', { name: named('credential name'), provider: 'stand_in', secret: named('provider key') });
  configured('credential name', `${at}/credentials`);
  words.push(neverKept(`provider key (${label})`, 'provider key', 'secret', ['provider']));
  await make('/routes', { model: '*', targets: [{ credentialId: credential.id }] });
  const key = await make<{ id: string; secret: string }>('/keys', {
    name: named('key name'),
    projectId: project.id,
    scopes: ['inference:invoke', 'usage:read'],
  });
  configured('key name', `${at}/keys`, false, ['mail', 'webhooks']);
  secret('API key', key.secret);

  const removed = await make('/credentials', {
    name: named('deleted credential'),
    provider: 'stand_in',
    secret: named('deleted provider key'),
  });
  configured('deleted credential', `${at}/credentials`, true);
  words.push(neverKept(`deleted provider key (${label})`, 'deleted provider key', 'secret', ['provider']));
  const hook = `${instance.world.url}/hook/`;
  const webhook = await make<{ id: string; secret: string }>('/webhooks', { url: hook + named('deleted webhook address') });
  configured('deleted webhook address', `${at}/webhooks`, true, ['webhooks']);
  secret('webhook secret', webhook.secret.replace(/^whsec_/, ''));
  await api.ask('POST', `${at}/webhooks/${webhook.id}/test`, {});
  const invitation = await make('/invitations', { email: `${named('invited address')}@example.com`, role: 'viewer' });
  configured('invited address', `${at}/invitations`, true, ['mail']);
  const domain = await make('/domains', { domain: `${named('deleted domain')}.example.com` });
  configured('deleted domain', `${at}/domains`, true);
  const provider = await make('/identity-providers', {
    name: named('deleted identity provider'),
    kind: 'oidc',
    issuer: 'https://id.example.com',
    clientId: named('client id'),
    clientSecret: named('client secret'),
  });
  configured('deleted identity provider', `${at}/identity-providers`, true);
  configured('client id', `${at}/identity-providers`, true);
  words.push(neverKept(`client secret (${label})`, 'client secret', 'secret'));
  const scim = await make<{ id: string; secret: string }>('/scim-tokens', { name: named('directory token') });
  configured('directory token', `${at}/scim-tokens`);
  secret('directory secret', scim.secret);

  return {
    id,
    label,
    losesKey,
    key: key.secret,
    words,
    takeDown: async () => {
      const paths = [
        `/credentials/${removed.id}`,
        `/webhooks/${webhook.id}`,
        `/invitations/${invitation.id}`,
        `/domains/${domain.id}`,
        `/identity-providers/${provider.id}`,
      ];
      for (const path of losesKey ? [...paths, '/content-keys'] : paths) await api.ask('DELETE', at + path);
    },
  };
}

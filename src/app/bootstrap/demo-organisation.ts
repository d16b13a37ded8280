import { AppError } from '../../kernel/errors.js';
import type { CredentialId, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { Settings } from '../../platform/config/settings.js';
import { KeyAdministration } from '../../modules/auth/auth.contract.js';
import type { AuditActor } from '../../modules/audit/audit.contract.js';
import { CredentialAdministration, type NewCredential } from '../../modules/credentials/credentials.contract.js';
import { RouteAdministration } from '../../modules/routing/routing.contract.js';
import { OrganisationAdministration } from '../../modules/tenants/tenants.contract.js';
import { CreatePriceOverride } from '../../modules/usage/core/create-price-override.js';
import type { Providers } from '../lethe.js';

/** What a first look needs to make a call. */
export interface DemoOrganisation {
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly apiKey: string;
  /** A model to ask for. */
  readonly model: string;
  readonly provider: 'openai' | 'stand_in';
}

const SLUG = 'demo';
const PROJECT = 'default';
const KEY_NAME = 'First key';
/** Every model leads to the one upstream. */
const EVERY_MODEL = '*';
/** Cheap, and known to everyone's SDK. */
const MODEL = 'gpt-4o-mini';
/** US dollars per million tokens, so that calls to the stand-in cost something to see in the ledger. */
const STAND_IN_PRICE = { inputPerMillion: '0.15', cachedInputPerMillion: '0.075', outputPerMillion: '0.6', perRequest: '0' };

/**
 * The organisation `demo` with a project, an upstream, a route to it and a fresh API key. What is already there is kept, so a run that
 * was cut short is completed by the next; only the key is made anew, because nobody can have seen the last one.
 */
export async function setUpDemoOrganisation(providers: Providers, settings: Settings, actor: AuditActor): Promise<DemoOrganisation> {
  const tenants = providers.get(OrganisationAdministration);
  const organisation =
    (await tenants.findOrganisation(SLUG)) ?? (await tenants.createOrganisation({ slug: SLUG, name: 'Demo', kind: 'customer' }, actor));
  const organisationId = organisation.id;
  const project =
    (await tenants.findProject(organisationId, PROJECT)) ?? (await tenants.createProject({ organisationId, name: PROJECT }, actor));
  const upstream = upstreamOf(settings);
  const credentialId = await ensureCredential(providers, organisationId, upstream, actor);
  await ensureRoute(providers, organisationId, credentialId, actor);
  if (upstream.provider === 'stand_in') await ensureStandInPrice(providers, actor);
  const apiKey = await freshKey(providers, { organisationId, projectId: project.id }, actor);
  return { organisationId, projectId: project.id, apiKey, model: MODEL, provider: upstream.provider };
}

type Upstream = NewCredential & { readonly provider: 'openai' | 'stand_in' };

/** A real provider when its usual variable is set, else the stand-in, which lets in every key. */
function upstreamOf({ openaiApiKey }: Settings): Upstream {
  if (openaiApiKey === undefined) return { name: 'Upstream stand-in', provider: 'stand_in', secret: 'any-key-will-do' };
  return { name: 'OpenAI', provider: 'openai', secret: openaiApiKey };
}

async function ensureCredential(
  providers: Providers,
  organisationId: OrganisationId,
  upstream: Upstream,
  actor: AuditActor,
): Promise<CredentialId> {
  const credentials = providers.get(CredentialAdministration);
  const existing = (await credentials.list(organisationId)).find(({ name }) => name === upstream.name);
  return (existing ?? (await credentials.issue(actor, organisationId, upstream))).id;
}

async function ensureRoute(
  providers: Providers,
  organisationId: OrganisationId,
  credentialId: CredentialId,
  actor: AuditActor,
): Promise<void> {
  const routes = providers.get(RouteAdministration);
  if ((await routes.list(organisationId)).some(({ model }) => model === EVERY_MODEL)) return;
  await routes.create(actor, organisationId, { model: EVERY_MODEL, targets: [{ credentialId }] });
}

async function ensureStandInPrice(providers: Providers, actor: AuditActor): Promise<void> {
  try {
    await providers.get(CreatePriceOverride).run(actor, { provider: 'stand_in', model: MODEL, ...STAND_IN_PRICE });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'usage/already_exists') throw error;
  }
}

async function freshKey(
  providers: Providers,
  owner: { organisationId: OrganisationId; projectId: ProjectId },
  actor: AuditActor,
): Promise<string> {
  const keys = providers.get(KeyAdministration);
  for (const key of await keys.listKeys(owner.organisationId, undefined, 100)) {
    if (key.name === KEY_NAME && key.revokedAt === null) await keys.revokeKey(owner.organisationId, key.id, actor);
  }
  const { secret } = await keys.createKey(
    { ...owner, name: KEY_NAME, scopes: ['inference:invoke', 'usage:read'], expiresAt: null, allowedNetworks: [] },
    actor,
  );
  return secret;
}

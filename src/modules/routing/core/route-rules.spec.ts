import { describe, expect, it } from 'vitest';
import { AppError } from '../../../kernel/errors.js';
import { type CredentialId, newId, type ProjectId } from '../../../kernel/ids.js';
import type { NewRoute } from '../routing.contract.js';
import { requireCredentials, routeDefinition } from './route-rules.js';

const credentialId = newId<CredentialId>();
const valid: NewRoute = { model: 'gpt-4o', targets: [{ credentialId }] };

function wrongFields(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return (error.details['errors'] as { field: string }[]).map((each) => each.field);
  }
  return [];
}

describe('the rules of a route', () => {
  it.each(['gpt-4o', 'gpt-*', '*', 'accounts/fireworks/models/llama-v3p1-8b', 'qwen2.5:7b', 'x'.repeat(200)])(
    'takes the model %s',
    (model) => {
      expect(routeDefinition({ ...valid, model }).model).toBe(model);
    },
  );

  it.each(['', 'gpt 4', '**', 'g*t', '*-mini', 'modèle', 'a\n', 'x'.repeat(201)])('refuses the model %j', (model) => {
    expect(wrongFields(() => routeDefinition({ ...valid, model }))).toEqual(['model']);
  });

  it('names every field that is wrong', () => {
    const twice = { credentialId, upstreamModel: 'gpt-*' };
    const route = {
      model: 'a b',
      targets: [{ credentialId }, twice, { ...twice, credentialId: credentialId.toUpperCase() as CredentialId }],
    };
    expect(wrongFields(() => routeDefinition(route))).toEqual([
      'model',
      'targets[1].upstreamModel',
      'targets[2].upstreamModel',
      'targets[2]',
    ]);
    expect(wrongFields(() => routeDefinition({ ...valid, targets: [] }))).toEqual(['targets']);
    const eleven = Array.from({ length: 11 }, () => ({ credentialId: newId<CredentialId>() }));
    expect(wrongFields(() => routeDefinition({ ...valid, targets: eleven }))).toEqual(['targets']);
  });

  it('names each target whose credential is not there', () => {
    const { targets } = routeDefinition({ ...valid, targets: [{ credentialId }, { credentialId: newId() }] });
    expect(wrongFields(() => requireCredentials(targets, new Set([credentialId])))).toEqual(['targets[1].credentialId']);
  });

  it('writes ids as the database does', () => {
    const projectId = newId<ProjectId>();
    const upper = {
      model: 'm',
      projectId: projectId.toUpperCase() as ProjectId,
      targets: [{ credentialId: credentialId.toUpperCase() as CredentialId }],
    };
    expect(routeDefinition(upper)).toEqual({ model: 'm', projectId, targets: [{ credentialId, upstreamModel: null }] });
  });
});

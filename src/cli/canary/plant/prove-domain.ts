import type { CanaryInstance } from '../instance/canary-instance.js';
import { OperatorApi } from './operator-api.js';

/** Makes a domain an organisation's, past the name servers of the world, which know nothing of it. */
export async function proveDomain(instance: CanaryInstance, organisationId: string, domain: string): Promise<void> {
  const admin = new OperatorApi(instance.lethe.url, instance.operatorToken);
  const { id } = await admin.ask<{ id: string }>('POST', `/api/v1/organisations/${organisationId}/domains`, { domain });
  await instance.rows('UPDATE captured_domain SET verified_at = now() WHERE id = $1', [id]);
}

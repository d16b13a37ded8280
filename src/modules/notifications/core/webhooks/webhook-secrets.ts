import { Injectable } from '@nestjs/common';
import type { WebhookRow } from '../../data/webhook-endpoint.entity.js';
import { NotificationKeys } from '../notification-keys.js';
import { issueWebhookSecret } from './webhook-signature.js';

type SecretBearer = Pick<WebhookRow, 'id' | 'secretVersion' | 'sealedSecret' | 'previousSealedSecret' | 'previousExpiresAt'>;

/** Signing secrets, sealed to their endpoint and version: one copied to another row, or put back, does not open (K1). */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly keys: NotificationKeys) {}

  /** A new secret as that version of that endpoint. Raises `notifications/key_not_ready`. */
  issue(id: WebhookRow['id'], version: number): { readonly secret: string; readonly sealed: Buffer } {
    const secret = issueWebhookSecret();
    return { secret, sealed: this.keys.seal('webhook_secret', nameOf(id, version), secret) };
  }

  /** What to sign with at that moment: the present secret, and the one before it while both are good. Raises `kms/*`. */
  async signing(endpoint: SecretBearer, now: Date): Promise<string[]> {
    await this.keys.ready();
    const { id, secretVersion, sealedSecret, previousSealedSecret, previousExpiresAt } = endpoint;
    const secrets = [this.keys.unseal('webhook_secret', nameOf(id, secretVersion), sealedSecret)];
    if (previousSealedSecret !== null && previousExpiresAt !== null && previousExpiresAt > now)
      secrets.push(this.keys.unseal('webhook_secret', nameOf(id, secretVersion - 1), previousSealedSecret));
    return secrets;
  }
}

function nameOf(id: WebhookRow['id'], version: number): string {
  return `${id}/${version}`;
}

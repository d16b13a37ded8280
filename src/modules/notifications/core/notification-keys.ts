import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InstallationKey, KeySurroundings } from '../../../platform/kms/installation-key.js';
import { encodeKeyContext } from '../../../platform/kms/key-context.js';
import { DATA_KEY_BYTES, KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { kmsErrors } from '../../../platform/kms/kms.errors.js';
import { NotificationKeyEntity } from '../data/notification-key.entity.js';
import { notificationsErrors } from '../notifications.errors.js';

/** What a derived key is for. One use can never open, forge or link what belongs to another. */
export type KeyUse = 'mail' | 'webhook_secret' | 'address_hash' | 'unsubscribe';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The module's key: sealing inside a transaction computes and asks nobody. */
@Injectable()
export class NotificationKeys extends InstallationKey {
  constructor(kms: KeyManagementService, around: KeySurroundings) {
    super({ entity: NotificationKeyEntity, what: 'notifications', component: 'notifications' }, kms, around);
  }

  /** `1 ‖ iv ‖ ciphertext ‖ tag`, opened again only for the same use and name. Raises `notifications/key_not_ready`. */
  seal(use: KeyUse, name: string, plaintext: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.derive(use, name), iv);
    cipher.setAAD(boundTo(use, name));
    return Buffer.concat([Buffer.of(FORMAT), iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  /** What was sealed. Raises `notifications/key_not_ready`, and `kms/unreadable` for damage, another name and another use. */
  unseal(use: KeyUse, name: string, sealed: Buffer): string {
    const key = this.derive(use, name);
    if (sealed[0] !== FORMAT || sealed.byteLength < 1 + IV_BYTES + TAG_BYTES) throw kmsErrors.unreadable();
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(use, name));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = decipher.update(sealed.subarray(1 + IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch (error) {
      opened.fill(0);
      throw kmsErrors.unreadable({ cause: error });
    }
    return opened.toString('utf8');
  }

  /** HMAC-SHA256 under this use's key: recognises a value, or proves who wrote it. Raises `notifications/key_not_ready`. */
  mac(use: KeyUse, text: string): Buffer {
    return createHmac('sha256', this.derive(use, '')).update(text, 'utf8').digest();
  }

  /** A key per use and name, so that no two values are ever sealed under the same one. */
  private derive(use: KeyUse, name: string): Buffer {
    if (this.key === null) throw notificationsErrors.key_not_ready({ details: { retryAfterSeconds: 5 } });
    return Buffer.from(hkdfSync('sha256', this.key, Buffer.from(name, 'utf8'), `lethe/notifications/${use}/1`, DATA_KEY_BYTES));
  }
}

function boundTo(use: KeyUse, name: string): Buffer {
  return encodeKeyContext({ purpose: `lethe/notifications/${use}/1`, name });
}

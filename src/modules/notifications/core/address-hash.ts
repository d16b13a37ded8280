import { Injectable } from '@nestjs/common';
import { NotificationKeys } from './notification-keys.js';

/** Recognises an address without keeping it. Whoever has the table and not the key can try no address against it. */
@Injectable()
export class AddressHash {
  constructor(private readonly keys: NotificationKeys) {}

  /** Spelled however: case and Unicode form make no difference. Raises `notifications/key_not_ready`. */
  of(email: string): Buffer {
    return this.keys.mac('address_hash', email.normalize('NFKC').toLowerCase());
  }
}

import type { INestApplicationContext, Type } from '@nestjs/common';
import { AppError } from '../../kernel/errors.js';
import { NotificationKeys } from '../../modules/notifications/core/notification-keys.js';
import { EndUserKey } from '../../modules/usage/core/end-user-key.js';
import type { InstallationKey } from '../../platform/kms/installation-key.js';
import { error, type Finding, ok } from './finding.js';

interface KnownKey {
  readonly subject: string;
  readonly holder: Type<InstallationKey>;
  readonly advice: string;
}

const KEYS: readonly KnownKey[] = [
  { subject: 'notification key', holder: NotificationKeys, advice: 'docs/notifications.md, "When the key is lost"' },
  { subject: 'end user key', holder: EndUserKey, advice: 'docs/organisations.md, "Its own end users"' },
];

/** Whether the keys open that the installation has one of. Makes none. */
export async function examineInstallationKeys(application: INestApplicationContext): Promise<Finding[]> {
  return Promise.all(KEYS.map((key) => examineKey(application, key)));
}

async function examineKey(application: INestApplicationContext, { subject, holder, advice }: KnownKey): Promise<Finding> {
  try {
    const state = await application.get(holder, { strict: false }).inspect();
    return ok(subject, state === 'absent' ? 'It is made at the first start.' : 'It opens.');
  } catch (failure) {
    if (!(failure instanceof AppError)) throw failure;
    return error(subject, failure.publicMessage, `Find the root key it was wrapped with: see ${advice}.`);
  }
}

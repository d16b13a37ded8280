import { describe, expect, it } from 'vitest';
import { AwsKms } from './aws-kms.js';
import { createKeyManagementService } from './kms-factory.js';
import { LocalRootKey } from './local-root-key.js';
import { Pkcs11 } from './pkcs11.js';
import { VaultTransit } from './vault-transit.js';

describe('choice of key management service', () => {
  it('follows the kind, and touches neither files nor network before the first use', async () => {
    const made = [
      createKeyManagementService({ kind: 'local', path: '/nowhere/root.json', allowGenerate: false }),
      createKeyManagementService({ kind: 'aws', keyId: 'alias/lethe' }),
      createKeyManagementService({ kind: 'vault', address: 'https://vault.invalid', key: 'lethe', tokenFile: '/nowhere/token' }),
      createKeyManagementService({ kind: 'pkcs11', libraryPath: '/nowhere.so', tokenLabel: 'lethe', keyLabel: 'root', pin: '0000' }),
    ];
    expect(made.map((kms) => kms.constructor)).toEqual([LocalRootKey, AwsKms, VaultTransit, Pkcs11]);
    for (const kms of made) await kms.dispose();
  });
});

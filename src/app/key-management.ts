import { join } from 'node:path';
import { present } from '../kernel/assert.js';
import type { Settings } from '../platform/config/settings.js';
import type { KmsOptions } from '../platform/kms/kms-factory.js';

/** Where the root key lives, from the settings. The loader has made sure that what each kind needs is there. */
export function kmsOptions(settings: Settings): KmsOptions {
  switch (settings.kms) {
    case 'local':
      return {
        kind: 'local',
        path: rootKeyPath(settings),
        allowGenerate: settings.environment === 'development',
      };
    case 'aws':
      return {
        kind: 'aws',
        keyId: present(settings.awsKmsKeyId, 'LETHE_AWS_KMS_KEY_ID'),
        ...(settings.awsKmsRegion === undefined ? {} : { region: settings.awsKmsRegion }),
        ...(settings.awsKmsEndpoint === undefined ? {} : { endpoint: settings.awsKmsEndpoint }),
      };
    case 'vault':
      return {
        kind: 'vault',
        address: present(settings.vaultAddress, 'LETHE_VAULT_ADDR'),
        key: present(settings.vaultTransitKey, 'LETHE_VAULT_TRANSIT_KEY'),
        mount: settings.vaultTransitMount,
        ...(settings.vaultNamespace === undefined ? {} : { namespace: settings.vaultNamespace }),
        ...(settings.vaultTokenFile === undefined
          ? { token: present(settings.vaultToken, 'LETHE_VAULT_TOKEN') }
          : { tokenFile: settings.vaultTokenFile }),
      };
    case 'pkcs11':
      return {
        kind: 'pkcs11',
        libraryPath: present(settings.pkcs11Library, 'LETHE_PKCS11_LIBRARY'),
        tokenLabel: present(settings.pkcs11TokenLabel, 'LETHE_PKCS11_TOKEN_LABEL'),
        keyLabel: present(settings.pkcs11KeyLabel, 'LETHE_PKCS11_KEY_LABEL'),
        pin: present(settings.pkcs11Pin, 'LETHE_PKCS11_PIN'),
      };
  }
}

export function rootKeyPath(settings: Settings): string {
  return settings.rootKeyFile ?? join(settings.dataDirectory, 'root-key.json');
}

import { unreachable } from '../../kernel/assert.js';
import { AwsKms, type AwsKmsOptions } from './aws-kms.js';
import type { KeyManagementService } from './key-management-service.js';
import { LocalRootKey, type LocalRootKeyOptions } from './local-root-key.js';
import { Pkcs11, type Pkcs11Options } from './pkcs11.js';
import { VaultTransit, type VaultTransitOptions } from './vault-transit.js';

/** Which keeper holds the root key, LETHE_KMS, with what it takes to reach it. */
export type KmsOptions =
  | ({ readonly kind: 'local' } & LocalRootKeyOptions)
  | ({ readonly kind: 'aws' } & AwsKmsOptions)
  | ({ readonly kind: 'vault' } & VaultTransitOptions)
  | ({ readonly kind: 'pkcs11' } & Pkcs11Options);

/** The chosen strategy. It connects, loads libraries and reads files on first use; call `check()` to find out whether it works. */
export function createKeyManagementService(options: KmsOptions): KeyManagementService {
  switch (options.kind) {
    case 'local':
      return new LocalRootKey(options);
    case 'aws':
      return new AwsKms(options);
    case 'vault':
      return new VaultTransit(options);
    case 'pkcs11':
      return new Pkcs11(options);
    default:
      return unreachable(options);
  }
}

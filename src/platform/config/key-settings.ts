import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

/** Where the key that wraps provider credentials lives, and how to reach it (K1). */
export class KeySettings {
  @Setting({ section: 'Keys', env: 'LETHE_KMS', description: 'Where the key that wraps provider credentials lives (K1).' })
  @IsIn(['local', 'aws', 'vault', 'pkcs11'])
  kms: 'local' | 'aws' | 'vault' | 'pkcs11' = 'local';

  @Setting({
    section: 'Keys',
    env: 'LETHE_ROOT_KEY_FILE',
    description: 'Local root key, mode 0600. Generated on first run in development; production must name it.',
    defaultText: '`<data folder>/root-key.json` in development',
  })
  @IsOptional()
  @IsString()
  rootKeyFile?: string;

  @Setting({ section: 'Keys', env: 'LETHE_AWS_KMS_KEY_ID', description: 'AWS KMS: key id, ARN or alias.' })
  @IsOptional()
  @IsString()
  awsKmsKeyId?: string;

  @Setting({ section: 'Keys', env: 'LETHE_AWS_KMS_REGION', description: 'AWS KMS: region.' })
  @IsOptional()
  @IsString()
  awsKmsRegion?: string;

  @Setting({
    section: 'Keys',
    env: 'LETHE_AWS_KMS_ENDPOINT',
    description: 'AWS KMS: endpoint, for a VPC endpoint or a compatible service.',
  })
  @IsOptional()
  @IsWebUrl()
  awsKmsEndpoint?: string;

  @Setting({ section: 'Keys', env: 'LETHE_VAULT_ADDR', description: 'Vault or OpenBao: address.' })
  @IsOptional()
  @IsWebUrl()
  vaultAddress?: string;

  @Setting({
    section: 'Keys',
    env: 'LETHE_VAULT_TOKEN',
    secret: true,
    keepsFile: 'vaultTokenFile',
    description: 'Vault or OpenBao: token. As a file it is read again when it changes, as an agent does that renews it.',
  })
  @IsOptional()
  @IsString()
  vaultToken?: string;

  /** The file `vaultToken` came from, when it came from one. */
  vaultTokenFile?: string;

  @Setting({ section: 'Keys', env: 'LETHE_VAULT_TRANSIT_KEY', description: 'Vault or OpenBao: name of the Transit key.' })
  @IsOptional()
  @IsString()
  vaultTransitKey?: string;

  @Setting({ section: 'Keys', env: 'LETHE_VAULT_TRANSIT_MOUNT', description: 'Vault or OpenBao: mount path of Transit.' })
  @IsString()
  vaultTransitMount = 'transit';

  @Setting({ section: 'Keys', env: 'LETHE_VAULT_NAMESPACE', description: 'Vault or OpenBao: namespace.' })
  @IsOptional()
  @IsString()
  vaultNamespace?: string;

  @Setting({
    section: 'Keys',
    env: 'LETHE_PKCS11_LIBRARY',
    description: 'PKCS#11: path of the module, such as `/usr/lib/softhsm/libsofthsm2.so`.',
  })
  @IsOptional()
  @IsString()
  pkcs11Library?: string;

  @Setting({ section: 'Keys', env: 'LETHE_PKCS11_TOKEN_LABEL', description: 'PKCS#11: label of the token.' })
  @IsOptional()
  @IsString()
  pkcs11TokenLabel?: string;

  @Setting({ section: 'Keys', env: 'LETHE_PKCS11_KEY_LABEL', description: 'PKCS#11: label of the AES-256 key.' })
  @IsOptional()
  @IsString()
  pkcs11KeyLabel?: string;

  @Setting({ section: 'Keys', env: 'LETHE_PKCS11_PIN', secret: true, description: 'PKCS#11: user PIN.' })
  @IsOptional()
  @IsString()
  pkcs11Pin?: string;

  @Setting({
    section: 'Keys',
    env: 'LETHE_CREDENTIAL_CACHE_SECONDS',
    kind: 'integer',
    description: 'How long an opened provider credential stays in memory (K2).',
  })
  @IsInt()
  @Min(0)
  @Max(3600)
  credentialCacheSeconds = 300;
}

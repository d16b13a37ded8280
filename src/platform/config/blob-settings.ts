import { IsBoolean, IsOptional, IsString, Matches, MinLength } from 'class-validator';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

/** Where large things go: backups, exports, content above a size. A folder, or an S3-compatible bucket. */
export class BlobSettings {
  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_DIR',
    description: 'Folder for backups and other large objects, when they are not kept in a bucket. Several processes need one they share.',
    defaultText: '`<data folder>/blobs`',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  blobDirectory?: string;

  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_S3_BUCKET',
    description: 'S3-compatible bucket to keep large objects in, instead of a folder.',
  })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
  blobS3Bucket?: string;

  @Setting({ section: 'Blobs', env: 'LETHE_BLOB_S3_REGION', description: 'Region of the bucket.' })
  @IsString()
  @MinLength(1)
  blobS3Region = 'us-east-1';

  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_S3_ENDPOINT',
    description: 'Endpoint of the service, for one that is not AWS.',
    defaultText: 'AWS, by the region',
  })
  @IsOptional()
  @IsWebUrl()
  blobS3Endpoint?: string;

  @Setting({ section: 'Blobs', env: 'LETHE_BLOB_S3_PREFIX', description: 'What object names in the bucket begin with.' })
  @Matches(/^(?:[A-Za-z0-9._-]+\/)*$/)
  blobS3Prefix = 'lethe/';

  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_S3_PATH_STYLE',
    kind: 'boolean',
    description: 'Whether the bucket stands in the path of a request. Some services want it in the host name: then `false`.',
  })
  @IsBoolean()
  blobS3PathStyle = true;

  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_S3_ACCESS_KEY_ID',
    description: 'Access key for the bucket.',
    defaultText: 'what the AWS environment gives: variables, container or instance role',
  })
  @IsOptional()
  @IsString()
  blobS3AccessKeyId?: string;

  @Setting({
    section: 'Blobs',
    env: 'LETHE_BLOB_S3_SECRET_ACCESS_KEY',
    secret: true,
    description:
      'Secret of the access key. It needs to get, put, delete and list objects, to list and abort uploads, and on a versioned bucket to list and delete versions.',
  })
  @IsOptional()
  @IsString()
  blobS3SecretAccessKey?: string;
}

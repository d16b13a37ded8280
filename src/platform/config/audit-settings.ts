import { IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

/** The transparency log over the audit events: who signs it, and where its checkpoints go (O6). */
export class AuditSettings {
  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_KEY',
    secret: true,
    description:
      'Key that signs checkpoints of the audit log, as `npx lethe audit-log create-key` makes it. Only the worker role needs it, and in production does not start without.',
    defaultText: '`<data folder>/audit-log.key` in development',
  })
  @IsOptional()
  @IsString()
  auditKey?: string;

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_CHECKPOINT_SECONDS',
    kind: 'integer',
    description: 'Least time between two checkpoints. None is signed while nothing happens.',
  })
  @IsInt()
  @Min(1)
  @Max(86_400)
  auditCheckpointSeconds = 60;

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_FILE',
    description: 'File each checkpoint is appended to, best on a medium that only appends.',
  })
  @IsOptional()
  @MinLength(1)
  auditPublishFile?: string;

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_WEBHOOK',
    secret: true,
    description: 'URL each checkpoint is posted to, as `text/plain`. A private address needs `LETHE_UPSTREAM_PRIVATE_NETWORKS`.',
  })
  @IsOptional()
  @IsWebUrl()
  auditPublishWebhook?: string;

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_S3_BUCKET',
    description: 'S3-compatible bucket each checkpoint is put into, best with object lock. Never overwrites an object.',
  })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
  auditPublishS3Bucket?: string;

  @Setting({ section: 'Audit log', env: 'LETHE_AUDIT_PUBLISH_S3_REGION', description: 'Region of the bucket.' })
  @IsString()
  @MinLength(1)
  auditPublishS3Region = 'us-east-1';

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_S3_ENDPOINT',
    description: 'Endpoint of the service, for one that is not AWS. A private address needs `LETHE_UPSTREAM_PRIVATE_NETWORKS`.',
    defaultText: 'AWS, by the region',
  })
  @IsOptional()
  @IsWebUrl()
  auditPublishS3Endpoint?: string;

  @Setting({ section: 'Audit log', env: 'LETHE_AUDIT_PUBLISH_S3_PREFIX', description: 'What object names in the bucket begin with.' })
  @Matches(/^(?:[A-Za-z0-9._-]+\/)*$/)
  auditPublishS3Prefix = 'audit-log/';

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_S3_ACCESS_KEY_ID',
    description: 'Access key for the bucket.',
    defaultText: 'what the AWS environment gives: variables, container or instance role',
  })
  @IsOptional()
  @IsString()
  auditPublishS3AccessKeyId?: string;

  @Setting({
    section: 'Audit log',
    env: 'LETHE_AUDIT_PUBLISH_S3_SECRET_ACCESS_KEY',
    secret: true,
    description: 'Secret of the access key. It needs `s3:PutObject` and `s3:GetObject`, and nothing that deletes.',
  })
  @IsOptional()
  @IsString()
  auditPublishS3SecretAccessKey?: string;
}

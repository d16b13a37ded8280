import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

/** Bounds of keeping content. Whether any is kept stands in the policy profile, and nowhere else. */
export class ContentSettings {
  @Setting({
    section: 'Content',
    env: 'LETHE_CONTENT_MAX_BYTES',
    kind: 'integer',
    description: 'Most that is kept of one input or one output; what is longer is cut there, and marked as cut.',
  })
  @IsInt()
  @Min(1024)
  @Max(67_108_864)
  contentMaxBytes = 16_777_216;

  @Setting({
    section: 'Content',
    env: 'LETHE_CONTENT_BLOB_BYTES',
    kind: 'integer',
    description:
      'Size from which input and output of a call, together, are kept in the blob store instead of a row. Processes that share no blob store cut there.',
  })
  @IsInt()
  @Min(1024)
  @Max(16_777_216)
  contentBlobBytes = 1_048_576;

  @Setting({
    section: 'Content',
    env: 'LETHE_CONTENT_MEMORY_BYTES',
    kind: 'integer',
    description:
      'Memory that content may take in one process until it is written, all calls together; what goes to the blob store gets half of it. Past it content is dropped, and counted.',
  })
  @IsInt()
  @Min(1_048_576)
  contentMemoryBytes = 134_217_728;

  @Setting({
    section: 'Content',
    env: 'LETHE_CONTENT_KEY_CACHE_SECONDS',
    kind: 'integer',
    description: 'Time an opened content key stays in memory; 0 asks the key management service whenever content is written.',
  })
  @IsInt()
  @Min(0)
  @Max(3600)
  contentKeyCacheSeconds = 300;

  @Setting({
    section: 'Content',
    env: 'LETHE_CONTENT_KEY_DAYS',
    kind: 'integer',
    description: 'Days a content key is used before the next version takes over. Older versions open what was sealed under them.',
  })
  @IsInt()
  @Min(1)
  @Max(3650)
  contentKeyDays = 90;

  @Setting({
    section: 'Content',
    env: 'LETHE_REDACTION_PATTERNS',
    description:
      'File of patterns of your own that are cut from inputs of failed calls as well: one a line, in RE2’s syntax, at most 32. `lethe redact` shows what they do.',
    defaultText: 'none',
  })
  @IsOptional()
  @IsString()
  redactionPatterns?: string;
}

import { type AppError, failureName } from '../../kernel/errors.js';
import { blobCause, blobErrors } from './blob.errors.js';

/** Lethe's own identity is not accepted, or not for this bucket. S3 says 403 also of an object that is not there, to whoever may not list. */
const DENIALS = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'ExpiredToken',
  'Forbidden',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'CredentialsProviderError',
]);

const MISTAKES = new Set([
  'NoSuchBucket',
  'InvalidBucketName',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** The SDK's errors hold the request, so only their name and status go on. */
export function translatedS3Error(error: unknown, bucket: string): AppError {
  const name = failureName(error);
  const status = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
  const cause = blobCause(`S3: ${name}${status === undefined ? '' : `, status ${status}`}`);
  if (MISTAKES.has(name))
    return blobErrors.misconfigured({ cause, message: `There is no bucket ${bucket} where LETHE_BLOB_S3_* look for it (${name}).` });
  if (DENIALS.has(name) || status === 401 || status === 403)
    return blobErrors.denied({ cause, message: `The bucket ${bucket} does not admit Lethe (${name}). Check its credentials and policy.` });
  if (name === 'NoSuchKey') return blobErrors.not_found({ cause });
  return blobErrors.unavailable({ cause, message: `The bucket ${bucket} does not answer as it should (${name}). Try again shortly.` });
}

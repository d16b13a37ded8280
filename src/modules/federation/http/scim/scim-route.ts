import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Header,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../../../kernel/errors.js';
import { Public } from '../../../../platform/http/access.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { Speaks, type WireForm } from '../../../../platform/http/wire-form.js';
import { AuthenticateDirectory } from '../../core/scim/authenticate-directory.js';
import type { Directory } from '../../core/scim/directory.js';
import { ERROR_MESSAGE, SCIM_CONTENT_TYPE } from '../../core/scim/scim-names.js';
import { scimErrors } from '../../scim.errors.js';

/** A directory that takes in thousands of people sends their requests one by one and close together. */
const PER_MINUTE = 3_000;
/** `scimType` of RFC 7644 §3.12, by our codes. */
const SCIM_TYPES: Readonly<Record<string, string>> = {
  'scim/invalid_filter': 'invalidFilter',
  'scim/too_many': 'tooMany',
  'scim/uniqueness': 'uniqueness',
  'accounts/email_taken': 'uniqueness',
  'tenants/already_member': 'uniqueness',
  'scim/mutability': 'mutability',
  'scim/invalid_syntax': 'invalidSyntax',
  'http/malformed_json': 'invalidSyntax',
  'scim/invalid_path': 'invalidPath',
  'scim/no_target': 'noTarget',
  'scim/invalid_value': 'invalidValue',
  'lethe/invalid_request': 'invalidValue',
};

type DirectoryRequest = FastifyRequest & { directory?: Directory };

/** Lets a directory in by its token. It is no principal: a SCIM token opens nothing but SCIM. */
@Injectable()
class DirectoryGuard implements CanActivate {
  constructor(private readonly authentication: AuthenticateDirectory) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<DirectoryRequest>();
    request.directory = await this.authentication.run(request.headers.authorization);
    return true;
  }
}

/** Injects whose directory calls; 401 where no guard has let it in. */
export const CurrentDirectory = createParamDecorator((_: unknown, context: ExecutionContext): Directory => {
  const { directory } = context.switchToHttp().getRequest<DirectoryRequest>();
  if (directory === undefined) throw scimErrors.invalid_token();
  return directory;
});

const FORM: WireForm = { takes: SCIM_CONTENT_TYPE, writeError: scimError };

/**
 * A route of the SCIM API: public to the guard of people and keys, and closed by {@link DirectoryGuard}. Not in the OpenAPI document, as the
 * protocol describes itself under `/scim/v2/Schemas`.
 */
export function ScimRoute(): MethodDecorator {
  return applyDecorators(
    Public(),
    RateLimited(PER_MINUTE),
    UseGuards(DirectoryGuard),
    Speaks(FORM),
    Header('content-type', `${SCIM_CONTENT_TYPE}; charset=utf-8`),
    Header('cache-control', 'no-store'),
    ApiExcludeEndpoint(),
  ) as MethodDecorator;
}

/** An error as RFC 7644 §3.12 writes it. The status is text there. */
function scimError(error: AppError): { readonly contentType: string; readonly body: string } {
  const scimType = SCIM_TYPES[error.code];
  const body = {
    schemas: [ERROR_MESSAGE],
    status: String(error.status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: error.publicMessage,
  };
  return { contentType: SCIM_CONTENT_TYPE, body: JSON.stringify(body) };
}

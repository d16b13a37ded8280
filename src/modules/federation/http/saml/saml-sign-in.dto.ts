import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IfGiven } from '../../../../platform/http/field-rules.js';
import { MAX_RESPONSE_BYTES } from '../../core/saml/response-envelope.js';

/** Twice what base64 makes of it, so that the sentence of the one who looks inside is read for what is somewhat too large. */
const MAX_FIELD = MAX_RESPONSE_BYTES * 2;

/** What an identity provider has the browser post (bindings §3.5). */
export class SamlResponseForm {
  /** The answer, in base64. */
  @ApiProperty({ type: 'string' })
  @IsString()
  @MaxLength(MAX_FIELD)
  SAMLResponse: string;

  /** Where to go, when the provider began; a path of this installation. */
  @ApiPropertyOptional({ type: 'string' })
  @IfGiven()
  @IsString()
  @MaxLength(2_000)
  RelayState?: string;
}

import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsOptional } from 'class-validator';
import { IfGiven, IsCleanText } from './field-rules.js';

// Fields of a body that may be left out: what the OpenAPI document says of them, and the rules for what is given.

const ADDRESS_LENGTH = 2_000;

/** True or false. */
export function OptionalFlag(): PropertyDecorator {
  return applyDecorators(ApiPropertyOptional({ type: 'boolean' }), IfGiven(), IsBoolean({ message: 'must be true or false' }));
}

/** An address, as text. Whether it is one, and may be called, is for whoever calls it to say. */
export function OptionalAddress(shown: { readonly example?: string } = {}): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'string', format: 'uri', maxLength: ADDRESS_LENGTH, ...shown }),
    IfGiven(),
    IsCleanText({ min: 1, max: ADDRESS_LENGTH }),
  );
}

/** Text that is not blank; null for none. */
export function OptionalText(bounds: { readonly maxLength: number }): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'string', nullable: true, ...bounds }),
    IsOptional(),
    IsCleanText({ min: 1, max: bounds.maxLength }),
  );
}

export interface TextsBounds {
  readonly maxItems: number;
  /** Of each, in code points. */
  readonly maxLength: number;
  readonly example?: string[];
}

/** A list of texts, none of them blank. */
export function OptionalTexts({ maxItems, maxLength, ...shown }: TextsBounds): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'string', isArray: true, maxItems, ...shown }),
    IfGiven(),
    // What several of these refuse is said in this order.
    IsCleanText({ min: 1, max: maxLength }, { each: true }),
    ArrayMaxSize(maxItems, { message: `must have at most ${maxItems} entries` }),
    IsArray({ message: 'must be a list' }),
  );
}

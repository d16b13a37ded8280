import { type ArgumentMetadata, Injectable, type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type AppError, type FieldError, invalidRequest } from '../../kernel/errors.js';
import { type Id, isId } from '../../kernel/ids.js';
import { fieldName, fieldPath, findUnsafeInput } from './plain-input.js';

const MAX_ERRORS = 20;

/**
 * Turns bodies and queries into their DTO classes and refuses everything else with a 400 that names each field and says
 * what would be right. Unknown fields are refused, never dropped. Values are never repeated in the answer.
 */
@Injectable()
export class RequestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => validationFailure(errors),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'custom') {
      const root = metadata.type === 'param' ? { [metadata.data ?? 'path']: value } : value;
      const unsafe = findUnsafeInput(root);
      if (unsafe.length > 0) throw invalidRequest(unsafe);
    }
    if (metadata.type === 'body' && this.toValidate(metadata) && !isPlainObject(value)) {
      throw invalidRequest([{ field: 'body', message: 'must be a JSON object' }]);
    }
    return (await super.transform(value, metadata)) as unknown;
  }
}

/** A path parameter that is an id: `@Param('projectId', ParseIdPipe)`. */
@Injectable()
export class ParseIdPipe<T extends Id<string> = Id<string>> implements PipeTransform<unknown, T> {
  transform(value: unknown, metadata: ArgumentMetadata): T {
    if (!isId(value)) throw invalidRequest([{ field: metadata.data ?? 'id', message: 'must be a UUID' }]);
    return value.toLowerCase() as T;
  }
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The 400 for what class-validator found, with nested paths such as `targets[0].credentialId`. */
function validationFailure(errors: readonly ValidationError[]): AppError {
  return invalidRequest(flatten(errors, '').slice(0, MAX_ERRORS));
}

function flatten(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const path = fieldPath(parent, error.property, /^\d+$/.test(error.property));
    const own = messageOf(error);
    const nested = flatten(error.children ?? [], path);
    return own === undefined ? nested : [{ field: fieldName(path), message: own }, ...nested];
  });
}

/** class-validator's sentences without the name they begin with, the field being named beside them. */
function messageOf(error: ValidationError): string | undefined {
  const constraints = error.constraints ?? {};
  if ('whitelistValidation' in constraints) return 'is not a field that this request has';
  if ('unknownValue' in constraints) return 'must be an object';
  const messages = Object.values(constraints).map((message) => withoutName(message, error.property));
  return messages.length > 0 ? [...new Set(messages)].join('; ') : undefined;
}

function withoutName(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

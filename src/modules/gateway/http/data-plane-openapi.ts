import type { OpenAPIObject } from '@nestjs/swagger';
import { BEARER_SCHEME } from '../../../platform/http/access.js';

const errorAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' } } },
});

const ERRORS = {
  400: errorAnswer('The request is not valid; `error.param` names the field.'),
  401: errorAnswer('The key is missing, unknown, expired or revoked.'),
  403: errorAnswer('The key may not call models, or not from this address.'),
  404: errorAnswer('No route leads to this model.'),
  413: errorAnswer('The body is too large.'),
  429: errorAnswer('A rate limit (`rate_limit_exceeded`, with `retry-after`) or a hard budget (`insufficient_quota`) is reached.'),
  502: errorAnswer('No upstream gave an answer.'),
  503: errorAnswer('The gateway cannot take the call right now; `retry-after` says when to try again.'),
  504: errorAnswer('No upstream answered in time.'),
};

const security = [{ [BEARER_SCHEME]: [] }];
const json = (name: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } });

/** What clients call, in the words of OpenAI's API reference. Fields that are not listed pass through untouched. */
export const DATA_PLANE_PATHS: OpenAPIObject['paths'] = {
  '/v1/chat/completions': {
    post: {
      operationId: 'DataPlane_createChatCompletion',
      summary: 'Create a chat completion',
      description:
        'OpenAI’s chat completions, streamed (server-sent events) or whole. The body goes upstream as it came, but for what the route changes.',
      tags: ['gateway'],
      security,
      parameters: [
        {
          name: 'X-Client-Request-Id',
          in: 'header',
          required: false,
          description: 'Your own name for the call; kept in the ledger and sent upstream.',
          schema: { type: 'string', maxLength: 512 },
        },
        {
          name: 'X-Lethe-Retention',
          in: 'header',
          required: false,
          description: '`none`: nothing of this call is kept, whatever the plan says.',
          schema: { type: 'string', enum: ['none'] },
        },
      ],
      requestBody: { required: true, content: json('ChatCompletionRequest') },
      responses: {
        200: {
          description: 'The completion, or the stream of its chunks.',
          headers: {
            'x-request-id': { description: 'The call’s id in the ledger.', schema: { type: 'string', format: 'uuid' } },
            'x-lethe-retention': {
              description:
                'What was taken to be kept of the call: `none`, or such as `payload;days=30`. A stream’s foretells it, by how it ends. What cannot be written within a minute is dropped: reading the content says what is there.',
              schema: { type: 'string' },
            },
          },
          content: {
            'application/json': { schema: { type: 'object', additionalProperties: true } },
            'text/event-stream': { schema: { type: 'string' } },
          },
        },
        ...ERRORS,
      },
    },
  },
  '/v1/models': {
    get: {
      operationId: 'DataPlane_listModels',
      summary: 'List the models this key can call',
      description: 'Names and prefixes (`gpt-*`) of the routes that apply to the key’s project.',
      tags: ['gateway'],
      security,
      responses: { 200: { description: 'The models.', content: json('ModelList') }, 401: ERRORS[401], 403: ERRORS[403], 503: ERRORS[503] },
    },
  },
  '/v1/models/{model}': {
    get: {
      operationId: 'DataPlane_retrieveModel',
      summary: 'Retrieve one model',
      description: 'Whether a route leads to this model.',
      tags: ['gateway'],
      security,
      parameters: [{ name: 'model', in: 'path', required: true, schema: { type: 'string' } }],
      responses: {
        200: { description: 'The model.', content: json('Model') },
        401: ERRORS[401],
        403: ERRORS[403],
        404: ERRORS[404],
        503: ERRORS[503],
      },
    },
  },
};

export const DATA_PLANE_SCHEMAS: NonNullable<NonNullable<OpenAPIObject['components']>['schemas']> = {
  ChatCompletionRequest: {
    type: 'object',
    required: ['model', 'messages'],
    additionalProperties: true,
    properties: {
      model: { type: 'string', minLength: 1, maxLength: 256 },
      messages: {
        type: 'array',
        minItems: 1,
        maxItems: 20_000,
        items: { type: 'object', required: ['role'], additionalProperties: true, properties: { role: { type: 'string' } } },
      },
      stream: { type: 'boolean', default: false },
      stream_options: { type: 'object', additionalProperties: true, properties: { include_usage: { type: 'boolean' } } },
      max_completion_tokens: { type: 'integer', minimum: 1 },
      max_tokens: { type: 'integer', minimum: 1, deprecated: true },
      n: { type: 'integer', minimum: 1, maximum: 128 },
    },
  },
  Model: {
    type: 'object',
    required: ['id', 'object', 'created', 'owned_by'],
    properties: {
      id: { type: 'string' },
      object: { type: 'string', enum: ['model'] },
      created: { type: 'integer' },
      owned_by: { type: 'string' },
    },
  },
  ModelList: {
    type: 'object',
    required: ['object', 'data'],
    properties: { object: { type: 'string', enum: ['list'] }, data: { type: 'array', items: { $ref: '#/components/schemas/Model' } } },
  },
  OpenAiError: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: { type: 'string' },
          type: { type: 'string' },
          param: { type: 'string', nullable: true },
          code: { type: 'string', nullable: true },
          request_id: { type: 'string', format: 'uuid' },
        },
      },
    },
  },
};

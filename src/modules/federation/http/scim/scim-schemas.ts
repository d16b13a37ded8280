import { CONFIGURATION_SCHEMA, GROUP_SCHEMA, RESOURCE_TYPE_SCHEMA, SCHEMA_SCHEMA, USER_SCHEMA } from '../../core/scim/scim-names.js';
import { MAX_COUNT } from './scim-query.js';
import type { Resource, ScimBase } from './scim-resources.js';

/** What this implementation can do (RFC 7643 §5). */
export function serviceProviderConfig(base: ScimBase): Resource {
  const no = { supported: false };
  return {
    schemas: [CONFIGURATION_SCHEMA],
    patch: { supported: true },
    bulk: { ...no, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_COUNT },
    changePassword: no,
    sort: no,
    etag: no,
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token that an owner or admin of the organisation has made.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

/** The kinds of resources there are (RFC 7643 §6). */
export function resourceTypes(base: ScimBase): readonly Resource[] {
  return [
    ['User', '/Users', USER_SCHEMA],
    ['Group', '/Groups', GROUP_SCHEMA],
  ].map(([name, endpoint, schema]) => ({
    schemas: [RESOURCE_TYPE_SCHEMA],
    id: name,
    name,
    endpoint,
    schema,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }));
}

/** The attributes that are kept, and no others (RFC 7643 §7). */
export function schemas(base: ScimBase): readonly Resource[] {
  const described = [
    { id: USER_SCHEMA, name: 'User', attributes: USER },
    { id: GROUP_SCHEMA, name: 'Group', attributes: GROUP },
  ];
  return described.map((schema) => ({
    schemas: [SCHEMA_SCHEMA],
    ...schema,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
  }));
}

function attribute(name: string, type: string, more: Resource = {}): Resource {
  const usual = { multiValued: false, required: false, caseExact: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none' };
  return { name, type, ...usual, ...more };
}

const USER = [
  attribute('userName', 'string', { required: true, uniqueness: 'server' }),
  attribute('externalId', 'string', { caseExact: true, uniqueness: 'server' }),
  attribute('name', 'complex', {
    subAttributes: [attribute('formatted', 'string'), attribute('givenName', 'string'), attribute('familyName', 'string')],
  }),
  attribute('emails', 'complex', {
    multiValued: true,
    subAttributes: [
      attribute('value', 'string'),
      attribute('type', 'string', { canonicalValues: ['work'] }),
      attribute('primary', 'boolean'),
    ],
  }),
  attribute('active', 'boolean'),
];

const GROUP = [
  attribute('displayName', 'string', { required: true, uniqueness: 'server' }),
  attribute('externalId', 'string', { caseExact: true, uniqueness: 'server' }),
  attribute('members', 'complex', {
    multiValued: true,
    subAttributes: [
      attribute('value', 'string', { mutability: 'immutable' }),
      attribute('$ref', 'reference', { referenceTypes: ['User'], mutability: 'immutable' }),
      attribute('type', 'string', { canonicalValues: ['User'], mutability: 'immutable' }),
      attribute('display', 'string', { mutability: 'readOnly' }),
    ],
  }),
];

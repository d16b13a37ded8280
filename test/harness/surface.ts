// Every operation an installation answers, from its own OpenAPI document, so that a test of all routes meets tomorrow's too.
import { request } from 'node:http';

/** The part of JSON Schema that OpenAPI documents of ours use. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema?: Schema;
}

export interface Operation {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly queryParameters: readonly Parameter[];
  readonly body: Schema | null;
  /** Whether it asks who is calling. */
  readonly isSecured: boolean;
  /** Whether a bearer token can open it; what is about a person's own account takes a session only. */
  readonly takesBearer: boolean;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface DocumentOperation {
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** The operations under `prefix`, as the process at `address` documents them. */
export async function readSurface(address: string, prefix: string): Promise<Operation[]> {
  const document = (await (await fetch(`${address}/openapi.json`)).json()) as Document;
  const operations: Operation[] = [];
  for (const [path, byMethod] of Object.entries(document.paths)) {
    if (!path.startsWith(prefix)) continue;
    for (const [method, operation] of Object.entries(byMethod)) {
      const parameters = operation.parameters ?? [];
      const body = operation.requestBody?.content['application/json']?.schema;
      operations.push({
        method: method.toUpperCase(),
        path,
        pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string),
        queryParameters: parameters.filter((parameter) => parameter.in === 'query'),
        body: body ? resolve(body, document) : null,
        isSecured: (operation.security ?? []).length > 0,
        takesBearer: (operation.security ?? []).some((scheme) => 'bearer' in scheme),
      });
    }
  }
  return operations;
}

/** The schema with every reference in it replaced by what it points to. */
function resolve(schema: Schema, document: Document): Schema {
  if (schema.$ref !== undefined) return resolve(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, document);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => resolve(part, document))) as Schema;
  const properties =
    schema.properties && Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [name, resolve(part, document)]));
  return { ...schema, ...(properties ? { properties } : {}), ...(schema.items ? { items: resolve(schema.items, document) } : {}) };
}

/** A value the schema describes. `known` gives values by the name of a property, for what a schema cannot say. */
export function exampleOf(schema: Schema, known: Readonly<Record<string, unknown>>, name = ''): unknown {
  if (name in known) return known[name];
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([inner, part]) => [inner, exampleOf(part, known, inner)]));
    case 'array':
      return schema.default ?? [exampleOf(schema.items ?? {}, known)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return 'text';
  }
}

/** A field of a body, as errors name it, and a copy of the body in which it is of the wrong type. */
export interface WrongField {
  readonly field: string;
  readonly body: unknown;
}

/** The body once for each of its fields, inner ones included, with that field of the wrong type. */
export function wrongFields(schema: Schema, body: Readonly<Record<string, unknown>>): WrongField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const wrong = part.type === 'object' || part.type === 'array' || part.type === 'integer' || part.type === 'number' ? 'abc' : { a: 1 };
    const found: WrongField[] = [{ field: name, body: { ...body, [name]: wrong } }];
    const [first] = Array.isArray(body[name]) ? (body[name] as unknown[]) : [];
    if (part.items?.properties && typeof first === 'object' && first !== null) {
      for (const inner of wrongFields(part.items, first as Record<string, unknown>)) {
        found.push({ field: `${name}[0].${inner.field}`, body: { ...body, [name]: [inner.body] } });
      }
    }
    return found;
  });
}

/** The path with its parameters filled in. One that is not given is a UUID that names nothing. */
export function fillPath(operation: Operation, values: Readonly<Record<string, string>>): string {
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '00000000-0000-7000-8000-000000000000');
}

export interface Sent {
  readonly method: string;
  readonly token?: string | undefined;
  readonly body?: string | Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends what is given as it is, and answers what came back even when the other side did not read to the end. */
export function send(url: string, { method, token, body, headers = {} }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const all = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const outgoing = request(url, { method, headers: all, agent: false });
    let answered = false;
    outgoing.on('error', (error) => answered || reject(error));
    outgoing.on('response', (answer) => {
      answered = true;
      let text = '';
      answer.on('data', (piece: Buffer) => (text += piece.toString()));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    outgoing.end(body);
  });
}
